package shell

import "strings"

// Command returns a line that calls a command of this program. The words that follow come
// from Path and Flag, or need no quotes.
func Command(command string, words ...string) string {
	return strings.Join(append([]string{Program(), command}, words...), " ")
}

// Flag returns a flag and its value as words of a command.
func Flag(name, value string) string {
	if strings.HasPrefix(value, "-") { // it would be taken for another flag
		return name + "=" + Quote(value)
	}
	return name + " " + Quote(value)
}
