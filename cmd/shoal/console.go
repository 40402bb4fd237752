package main

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

// A console prints what a command says. On a terminal it keeps lines at the bottom
// that change, and prints others above them. Its methods may be called from many
// goroutines at once; its fields are not changed after the start.
type console struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	log            *slog.Logger

	command troubleshoot.Command
	json    bool // objects for programs on stdout, and no text for people
	live    bool // stdout is a terminal on which lines can be drawn again

	style  terminal.Style  // of what is drawn
	screen terminal.Screen // stdout, and lines on it that change
}

// newConsole finds out what the terminal can do, if there is one.
func newConsole(stdin io.Reader, stdout, stderr io.Writer) *console {
	c := &console{stdin: stdin, stdout: stdout, stderr: stderr, log: slog.New(slog.DiscardHandler)}
	c.screen.Output = stdout
	c.screen.Size = func() (int, int) { return terminal.Size(0, 0) }
	if f, ok := interrupt.File(stdout); ok {
		if _, _, ok := terminal.WindowSize(f); ok && os.Getenv("TERM") != "dumb" {
			c.live = true
			c.style = terminal.StyleOf(os.Getenv)
			c.screen.Size = func() (int, int) {
				columns, rows, _ := terminal.WindowSize(f)
				return terminal.Size(columns, rows)
			}
		}
	}
	return c
}

// newLogger returns a logger to stderr for a level's name.
func newLogger(c *console, level string) (*slog.Logger, error) {
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
type logWriter struct{ c *console }

func (l logWriter) Write(p []byte) (int, error) {
	l.c.screen.Print(l.c.stderr, string(p))
	return len(p), nil
}

// say prints a line for people.
func (c *console) say(format string, args ...any) {
	if c.json {
		return
	}
	c.screen.Print(c.stdout, fmt.Sprintf(format, args...)+"\n")
}

// warn prints a warning for people to stderr; programs get it as an object.
func (c *console) warn(format string, args ...any) {
	c.report(failureJSON{Event: "warning", Message: fmt.Sprintf(format, args...)}, "")
}

// warnAbout prints a warning about a torrent, and what to do about it; advice may be
// empty.
func (c *console) warnAbout(i *item, text, advice string) {
	c.report(failureJSON{Event: "warning", Torrent: i.id, Message: text, Advice: advice}, i.name)
}

// fail prints an error and what to do about it.
func (c *console) fail(err error) {
	c.report(failureJSON{Event: "error", Message: message.Of(err), Advice: strings.TrimSpace(c.command.Advice(err))}, "")
}

// adviceColumns is how wide advice is for people.
const adviceColumns = 78

// report prints a warning or an error. about is what it is about, for people; programs
// find that in the object.
func (c *console) report(f failureJSON, about string) {
	if c.json {
		c.emit(f)
		return
	}
	text := "shoal: "
	if about != "" {
		text += about + ": "
	}
	text += f.Message + "\n"
	for line := range strings.Lines(f.Advice) {
		lines := []string{strings.TrimSpace(line)}
		if !strings.Contains(line, shell.Program()+" ") { // a command is to be pasted
			lines = terminal.Wrap(line, adviceColumns)
		}
		text += "  " + strings.Join(lines, "\n  ") + "\n"
	}
	c.screen.Print(c.stderr, text)
}

// emit prints an object for programs, on a line of its own.
func (c *console) emit(v any) {
	if !c.json {
		return
	}
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	encoder.Encode(v) // an object of ours can be encoded
	c.screen.Print(c.stdout, line.String())
}

// draw replaces the lines at the bottom of a terminal that were drawn last.
func (c *console) draw(lines ...string) {
	if c.live && !c.json {
		c.screen.Draw(lines...)
	}
}
