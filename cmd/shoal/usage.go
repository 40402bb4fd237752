package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
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
	text := usageText(strings.TrimSpace(err.Error()), command)
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

// A rewording turns a message of kong into plain words. The groups of the pattern fill in
// the text.
type rewording struct {
	pattern *regexp.Regexp
	text    string
}

// flagPrefix is how kong names the flag at fault.
const flagPrefix = `^(--[a-z-]+): `

var rewordings = []rewording{
	{regexp.MustCompile(flagPrefix + `expected duration but got "(.*?)": .*?( \(from .*|)$`), `$1: "$2" is not a time; give one such as 90s, 30m or 1h30m$3`},
	{regexp.MustCompile(flagPrefix + `expected a valid 64 bit int but got "(.*?)"(.*)$`), `$1: "$2" is not a whole number; give one such as 100$3`},
	{regexp.MustCompile(flagPrefix + `missing value, expecting .*$`), `$1: its value is missing; write $1=VALUE`},
	{regexp.MustCompile(flagPrefix + `expected \w+ value but got "EOL" \(<EOL>\)$`), `$1: its value is missing; write $1=VALUE`},
	{regexp.MustCompile(flagPrefix + `expected \w+ value but got "(.*)" \(.* flag\).*$`), `$1: its value is missing; if "$2" is the value, write $1=$2`},
	{regexp.MustCompile(`^(--[a-z-]+) must be one of (.*) but got "(.*?)"(.*)$`), `$1: "$3" is not one of $2$4`},
	{regexp.MustCompile(flagPrefix + `bool value must be .* but got "(.*?)"(.*)$`), `$1: "$2" is neither true nor false; leave the value out, or give one of these$3`},
	{regexp.MustCompile(`^unexpected argument (.*)$`), `there is one argument too many: $1; put names with spaces in quotes`},
	{regexp.MustCompile(`^unknown flag (-.*)$`), `this command has no flag $1`},
	{regexp.MustCompile(` \(from envar (\w+)=.*\)$`), ` (from the environment variable $1)`},
}

// usageText says in plain words what kong's message says about the arguments.
func usageText(text, command string) string {
	if what, ok := strings.CutPrefix(text, "unexpected argument "); ok && command == "" {
		name, hint, _ := strings.Cut(what, ",")
		text = fmt.Sprintf("there is no command %q", name)
		if hint != "" {
			text += ";" + hint
		}
		return text
	}
	if what, ok := strings.CutPrefix(text, "expected \"<"); ok {
		name, _, _ := strings.Cut(what, ">")
		return "an argument is missing: <" + name + ">"
	}
	if oneOf := strings.Index(text, " must be one of "); oneOf >= 0 {
		text = strings.ReplaceAll(text, `","`, ", ")
		text = strings.Replace(strings.Replace(text, `one of "`, "one of ", 1), `" but got`, " but got", 1)
	}
	for _, r := range rewordings {
		text = r.pattern.ReplaceAllString(text, r.text)
	}
	return text
}
