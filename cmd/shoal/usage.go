package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
)

// commandOf returns the name of the command whose arguments are wrong, or nothing.
func commandOf(err error) string {
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		if selected := parse.Context.Selected(); selected != nil {
			return selected.Name
		}
	}
	return ""
}

// failUsage says what is wrong with the arguments, and where the help is.
func failUsage(stderr io.Writer, command string, err error) int {
	text := usage.Text(strings.TrimSpace(err.Error()), command)
	if command != "" {
		command += " "
	}
	fmt.Fprintf(stderr, "shoal: %s\nRun \"shoal %s--help\" for help.\n", text, command)
	return exitUsage
}

// checkNotEmpty returns an error if an argument of a command is empty, as that of a script
// whose variable is not set. It would else mean the current folder.
func checkNotEmpty(command *kong.Node) error {
	for _, p := range command.Positional {
		texts, _ := p.Target.Interface().([]string)
		text, isOne := p.Target.Interface().(string)
		if slices.Contains(texts, "") || (isOne && text == "") {
			return fmt.Errorf("the argument <%s> is empty; name a file or folder, such as . for the current one", p.Name)
		}
	}
	return nil
}
