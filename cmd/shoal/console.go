package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A console prints what a command says. On a terminal it keeps lines at the bottom
// that change, and prints others above them. Its methods may be called from many
// goroutines at once; its fields are not changed after the start.
type console struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	log            *slog.Logger

	command string // its name
	json    bool   // objects for programs on stdout, and no text for people
	live    bool   // stdout is a terminal on which lines can be drawn again
	style   style  // of what is drawn

	size func() (columns, rows int) // of the window

	mu    sync.Mutex
	drawn []string // the lines at the bottom
}

// newConsole finds out what the terminal can do, if there is one.
func newConsole(stdin io.Reader, stdout, stderr io.Writer) *console {
	c := &console{stdin: stdin, stdout: stdout, stderr: stderr, log: slog.New(slog.DiscardHandler)}
	c.size = func() (int, int) { return sizeOf(0, 0) }
	if f, ok := asFile(stdout); ok {
		if _, _, ok := windowSize(f); ok && os.Getenv("TERM") != "dumb" {
			c.live = true
			c.style = styleOf(os.Getenv)
			c.size = func() (int, int) {
				columns, rows, _ := windowSize(f)
				return sizeOf(columns, rows)
			}
		}
	}
	return c
}

// sizeOf replaces numbers that a terminal did not tell.
func sizeOf(columns, rows int) (int, int) {
	if columns <= 0 {
		columns, _ = strconv.Atoi(os.Getenv("COLUMNS"))
	}
	if rows <= 0 {
		rows, _ = strconv.Atoi(os.Getenv("LINES"))
	}
	if columns <= 0 {
		columns = 80
	}
	if rows <= 0 {
		rows = 24
	}
	return columns, rows
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
	l.c.print(l.c.stderr, string(p))
	return len(p), nil
}

// say prints a line for people.
func (c *console) say(format string, args ...any) {
	if c.json {
		return
	}
	c.print(c.stdout, fmt.Sprintf(format, args...)+"\n")
}

// warn prints a line for people to stderr; programs get it as an object.
func (c *console) warn(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if c.json {
		c.emit(failureJSON{Event: "warning", Message: text})
		return
	}
	c.print(c.stderr, "shoal: "+text+"\n")
}

// fail prints an error and what to do about it.
func (c *console) fail(err error) {
	text, hint := readable(err), advice(err)
	if c.json {
		c.emit(failureJSON{Event: "error", Message: text, Advice: hint})
		return
	}
	if hint != "" {
		text += "\n  " + strings.ReplaceAll(hint, "\n", "\n  ")
	}
	c.warn("%s", text)
}

// emit prints an object for programs, on a line of its own.
func (c *console) emit(v any) {
	if !c.json {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	encoder := json.NewEncoder(c.stdout)
	encoder.SetEscapeHTML(false)
	encoder.Encode(v) // if this fails, there is nowhere to report it
}

// print writes text above the lines that are drawn.
func (c *console) print(w io.Writer, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.drawn) == 0 {
		io.WriteString(w, text)
		return
	}
	columns, _ := c.size()
	lines := c.drawn
	c.erase(columns)
	io.WriteString(w, text)
	c.redraw(lines, columns)
}

// draw replaces the lines that were drawn last. Lines that are too long for the
// window are cut, and so are lines that are too many.
func (c *console) draw(lines ...string) {
	if !c.live || c.json {
		return
	}
	columns, rows := c.size()
	lines = slices.Clone(lines[:min(len(lines), max(rows-1, 1))])
	for i := range lines {
		lines[i] = cut(lines[i], columns-1)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.redraw(lines, columns)
}

// clear takes the lines away that were drawn.
func (c *console) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.drawn) > 0 {
		columns, _ := c.size()
		c.erase(columns)
	}
}

// redraw puts lines in the place of those that were drawn, in one write, so that
// nothing flickers.
func (c *console) redraw(lines []string, columns int) {
	var b strings.Builder
	b.WriteString(c.up(columns))
	for _, line := range lines {
		b.WriteString(line + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	c.drawn = lines
	io.WriteString(c.stdout, b.String())
}

func (c *console) erase(columns int) {
	io.WriteString(c.stdout, c.up(columns)+"\x1b[J")
	c.drawn = nil
}

// up returns what moves the cursor to the first of the lines that were drawn. In a
// window that became narrower they take more rows than lines.
func (c *console) up(columns int) string {
	rows := 0
	for _, line := range c.drawn {
		rows += max(1, (width(line)+columns-1)/max(columns, 1))
	}
	if rows == 0 {
		return ""
	}
	return fmt.Sprintf("\r\x1b[%dA", rows)
}

// modules are names that errors begin with, which mean nothing to a user.
var modules = []string{"client: ", "engine: ", "metainfo: ", "diskstore: ", "resume: ", "httptracker: ", "trackerserver: ", "building: ", "open: ", "open ", "stat ", "lstat "}

// readable returns the message of an error on one line, without the names of
// modules that it went through and without control characters.
func readable(err error) string {
	text := sanitize(strings.ReplaceAll(err.Error(), "\n", "; "))
	for again := true; again; {
		again = false
		for _, module := range modules {
			for strings.HasPrefix(text, module) {
				text, again = strings.TrimPrefix(text, module), true
			}
			text = strings.ReplaceAll(text, ": "+module, ": ")
		}
	}
	return text
}
