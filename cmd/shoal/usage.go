package main

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
)

// commandOf returns the name of the command whose arguments are wrong, or nothing; and
// whether it is missing the name of one below it.
func commandOf(err error) (command string, isGroup bool) {
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		if selected := parse.Context.Selected(); selected != nil {
			return selected.Path(), len(selected.Children) > 0
		}
	}
	return "", true
}

// failUsage says what is wrong with the arguments, and where the help is.
func failUsage(stderr io.Writer, command string, err error) int {
	_, isGroup := commandOf(err)
	text := usage.Text(strings.TrimSpace(err.Error()), command, isGroup)
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
		isEmpty := slices.Contains(texts, "") || (isOne && text == "" && p.Set)
		switch {
		case isEmpty && command.Parent.Type == kong.CommandNode: // of dht
			return fmt.Errorf("the argument <%s> is empty", p.Name)
		case isEmpty:
			return fmt.Errorf("the argument <%s> is empty; name a file or folder, such as . for the current one", p.Name)
		}
	}
	return nil
}

// readText reads an argument as it is. Kong alone replaces bytes that are not UTF-8, which
// names of files may have.
func readText(d *kong.DecodeContext, target reflect.Value) error {
	token, err := d.Scan.PopValue("string")
	if err != nil {
		return err
	}
	text, ok := token.Value.(string)
	if !ok {
		return fmt.Errorf("expected string value but got %q", fmt.Sprint(token.Value))
	}
	target.SetString(text)
	return nil
}
