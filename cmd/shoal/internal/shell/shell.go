// Package shell writes commands that a user can paste into a shell.
package shell

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
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

// Quote returns an argument as a shell takes it.
func Quote(arg string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+=:@%,", r) || r > 0x7f
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
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
