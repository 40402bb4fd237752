package shell

import (
	"path/filepath"
	"strings"
)

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

// Path returns the path of a file as an argument. A path that begins like a flag or like
// a link begins with the current folder, so that it is not taken for one.
func Path(path string) string {
	lower := strings.ToLower(path)
	if strings.HasPrefix(path, "-") || strings.HasPrefix(lower, "magnet:") || strings.Contains(lower, "://") {
		path = "." + string(filepath.Separator) + path
	}
	return Quote(path)
}
