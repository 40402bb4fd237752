// Package shell writes commands that a user can paste into a shell.
package shell

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"unicode/utf8"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
)

// Program returns how this program is called, for commands to paste: by go run where
// that is how it was started, by its name if that finds it, and else as it was.
func Program() string {
	const name = "shoal"
	exe, err := os.Executable()
	if err != nil {
		return name
	}
	if strings.Contains(filepath.ToSlash(exe), "/go-build") {
		if _, err := os.Stat(filepath.Join("cmd", "shoal", "main.go")); err == nil {
			return "go run ./cmd/shoal"
		}
		return name
	}
	if found, err := exec.LookPath(name); err == nil {
		a, errA := os.Stat(found)
		b, errB := os.Stat(exe)
		if errA == nil && errB == nil && os.SameFile(a, b) {
			return name
		}
	}
	return Quote(os.Args[0])
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

// Quote returns an argument as a shell takes it. Characters that a terminal would obey
// become escapes, as ls of GNU writes them.
func Quote(arg string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+=:@%,", r) || (r > 0x7f && !terminal.Unsafe(r) && r != utf8.RuneError)
	}
	if runtime.GOOS == "windows" {
		if strings.ContainsAny(arg, " &()^;") {
			return `"` + arg + `"`
		}
		return arg
	}
	if arg != "" && strings.IndexFunc(arg, func(r rune) bool { return !safe(r) }) < 0 {
		return arg
	}
	if terminal.Sanitize(arg) != arg {
		return escaped(arg)
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}

// escaped returns an argument in the form $'…', in which shells read escapes.
func escaped(arg string) string {
	var b strings.Builder
	b.WriteString("$'")
	for i := range len(arg) {
		switch c := arg[i]; {
		case c == '\'' || c == '\\':
			b.Write([]byte{'\\', c})
		case c == '\n':
			b.WriteString(`\n`)
		case c < 0x20 || c >= 0x7f: // three digits, so that a digit may follow
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String() + "'"
}
