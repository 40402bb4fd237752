// Package usage says in plain words what is wrong with the arguments of a program.
//
// In come the messages of kong; out go sentences that say what to write instead.
package usage

import (
	"fmt"
	"regexp"
	"strings"
)

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

// Text says in plain words what kong's message says about the arguments. command is
// that of the arguments; empty if none was recognized. isGroup says that the name of another
// one must follow it.
func Text(text, command string, isGroup bool) string {
	if what, ok := strings.CutPrefix(text, "unexpected argument "); ok && isGroup {
		name, hint, _ := strings.Cut(what, ",")
		text = fmt.Sprintf("there is no command %q", strings.TrimSpace(command+" "+name))
		if hint != "" {
			text += ";" + hint
		}
		return text
	}
	if strings.HasPrefix(text, "expected one of ") && isGroup {
		return strings.TrimSpace("the name of a command is missing after shoal " + command)
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
