// Package console prints what commands say: lines for people, on a terminal or not, or objects
// for programs; and how far a long task is.
//
// In come texts, objects and errors of commands, from any goroutine; out go bytes to standard
// output and standard error. Not here: what a torrent looks like (package progress).
package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/interrupt"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/message"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/shell"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/troubleshoot"
)

// A Console prints what a command says. On a terminal it keeps lines at the bottom
// that change, and prints others above them. Its methods may be called from many
// goroutines at once; its fields are not changed after the start.
type Console struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Log            *slog.Logger

	Command troubleshoot.Command // that is running; its flags decide which advice is given
	IsJSON  bool                 // objects for programs on Stdout, and no text for people
	IsLive  bool                 // Stdout is a terminal on which lines can be drawn again
	IsQuiet bool                 // no text for people but what is drawn, warnings and errors

	Style  terminal.Style  // of what is drawn
	Screen terminal.Screen // Stdout, and lines on it that change
}

// New finds out what the terminal can do, if there is one.
func New(stdin io.Reader, stdout, stderr io.Writer) *Console {
	c := &Console{Stdin: stdin, Stderr: stderr, Log: slog.New(slog.DiscardHandler)}
	c.setOutput(stdout)
	return c
}

// LeaveStdout returns standard output, for content, and has everything else that is printed from now on
// go to standard error. It is called before anything is printed.
func (c *Console) LeaveStdout() io.Writer {
	stdout := c.Stdout
	c.setOutput(c.Stderr)
	if f, ok := interrupt.File(stdout); ok {
		_, _, isTerminal := terminal.WindowSize(f)
		c.IsLive = c.IsLive && !isTerminal // lines that are drawn would get between the content
	}
	return stdout
}

// setOutput has lines go to w.
func (c *Console) setOutput(w io.Writer) {
	c.Stdout, c.IsLive, c.Screen.Output = w, false, w
	c.Screen.Size = func() (int, int) { return terminal.Size(0, 0) }
	if f, ok := interrupt.File(w); ok {
		if _, _, ok := terminal.WindowSize(f); ok && os.Getenv("TERM") != "dumb" {
			c.IsLive = true
			c.Style = terminal.StyleOf(os.Getenv)
			c.Screen.Size = func() (int, int) {
				columns, rows, _ := terminal.WindowSize(f)
				return terminal.Size(columns, rows)
			}
		}
	}
}

// NewLogger returns a logger to stderr for a level's name.
func NewLogger(c *Console, level string) (*slog.Logger, error) {
	if level == "off" {
		return slog.New(slog.DiscardHandler), nil
	}
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("--log-level: %w", err)
	}
	return slog.New(slog.NewTextHandler(logWriter{c}, &slog.HandlerOptions{Level: l})), nil
}

// A logWriter writes to stderr above the lines that are drawn.
type logWriter struct{ c *Console }

func (l logWriter) Write(p []byte) (int, error) {
	l.c.Screen.Print(l.c.Stderr, string(p))
	return len(p), nil
}

// Say prints a line for people.
func (c *Console) Say(format string, args ...any) {
	if c.IsJSON || c.IsQuiet {
		return
	}
	c.Screen.Print(c.Stdout, fmt.Sprintf(format, args...)+"\n")
}

// Warn prints a warning for people to stderr; programs get it as an object.
func (c *Console) Warn(format string, args ...any) {
	c.Report(Failure{Event: "warning", Message: fmt.Sprintf(format, args...)}, "")
}

// Fail prints an error and what to do about it.
func (c *Console) Fail(err error) {
	c.Report(Failure{Event: "error", Message: message.Of(err), Advice: strings.TrimSpace(c.Command.Advice(err))}, "")
}

// A ReportedError was shown to the user already; only the exit code is left.
type ReportedError struct{ Err error }

// Error returns the message.
func (e ReportedError) Error() string { return e.Err.Error() }

// adviceColumns is how wide advice is for people.
const adviceColumns = 78

// A Failure is an error or a warning, and its JSON object.
type Failure struct {
	Event   string `json:"event"`             // "error", "warning" or "interrupted"
	Torrent string `json:"torrent,omitempty"` // info hash of the one that it is about
	Message string `json:"message,omitempty"`
	Advice  string `json:"advice,omitempty"`
}

// Report prints a warning or an error. about is what it is about, for people; programs
// find that in the object. Lines of the advice that are indented or have a command are not wrapped.
func (c *Console) Report(f Failure, about string) {
	if c.IsJSON {
		c.Emit(f)
		return
	}
	text := "shoal: "
	if about != "" {
		text += about + ": "
	}
	text += f.Message + "\n"
	for line := range strings.Lines(f.Advice) {
		lines := []string{strings.TrimRight(line, " \n")}
		isCommand := strings.Contains(line, shell.Program()+" ") // to be pasted
		isIndented := strings.HasPrefix(line, " ")               // a line of a table
		if !isCommand && !isIndented {
			lines = terminal.Wrap(line, adviceColumns)
		}
		text += "  " + strings.Join(lines, "\n  ") + "\n"
	}
	c.Screen.Print(c.Stderr, text)
}

// Emit prints an object for programs, on a line of its own.
func (c *Console) Emit(v any) {
	if !c.IsJSON {
		return
	}
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	encoder.Encode(v) // an object of ours can be encoded
	c.Screen.Print(c.Stdout, line.String())
}

// Draw replaces the lines at the bottom of a terminal that were drawn last.
func (c *Console) Draw(lines ...string) {
	if c.IsLive && !c.IsJSON {
		c.Screen.Draw(lines...)
	}
}
