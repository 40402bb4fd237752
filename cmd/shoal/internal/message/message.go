// Package message makes a line for people of an error.
//
// In comes an error; out goes its text without the names of modules and without control
// characters. Not here: what to do about it, which package advice has.
package message

import (
	"fmt"
	"strings"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
)

// modules are names that errors begin with, which mean nothing to a user.
var modules = []string{"client: ", "engine: ", "connect: ", "magnet: ", "metainfo: ", "diskstore: ", "resume: ", "httptracker: ", "udptracker: ", "trackerserver: ", "dht: ", "stream: ", "streaming: ", "building: ", "open: ", "open ", "stat ", "lstat "}

// Limits of the message of an error: lines of joined errors, and columns of a line.
const (
	maxJoined  = 3
	maxMessage = 500
)

// Of returns the message of an error on one line, without the names of modules that
// it went through and without control characters. Of errors that were joined it shows the
// first that differ.
func Of(err error) string {
	var lines []string
	seen, more := make(map[string]bool), 0
	for line := range strings.SplitSeq(err.Error(), "\n") {
		line = terminal.Shorten(withoutModules(terminal.Sanitize(line)), maxMessage)
		switch {
		case seen[line]:
		case len(lines) == maxJoined:
			more++
		default:
			lines = append(lines, line)
		}
		seen[line] = true
	}
	if more > 0 {
		lines = append(lines, fmt.Sprintf("and %s more", quantity.Number(int64(more))))
	}
	return strings.Join(lines, "; ")
}

// withoutModules returns the line of an error without the names of modules, and without
// an operation that it names twice in a row.
func withoutModules(text string) string {
	for again := true; again; {
		again = false
		for _, module := range modules {
			for strings.HasPrefix(text, module) {
				text, again = strings.TrimPrefix(text, module), true
			}
			text = strings.ReplaceAll(text, ": "+module, ": ")
		}
	}
	for _, op := range []string{"read", "write", "create", "sync", "close", "remove"} {
		text = strings.ReplaceAll(text, op+": "+op+" ", op+" ")
	}
	return text
}
