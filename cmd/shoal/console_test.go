package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A terminal is enough of one to see what stands on it in the end.
type terminal struct {
	lines       []string
	row, column int
	columns     int
}

func (w *terminal) Write(p []byte) (int, error) {
	text := string(p)
	for text != "" {
		var up int
		switch {
		case strings.HasPrefix(text, "\x1b[K"):
			w.at()
			w.lines[w.row] = string([]rune(w.lines[w.row])[:w.column])
			text = text[3:]
		case strings.HasPrefix(text, "\x1b[J"):
			w.at()
			w.lines[w.row] = string([]rune(w.lines[w.row])[:w.column])
			w.lines = w.lines[:w.row+1]
			text = text[3:]
		case strings.HasPrefix(text, "\x1b["):
			if _, err := fmt.Sscanf(text, "\x1b[%dA", &up); err != nil {
				return 0, fmt.Errorf("unknown sequence %q", text[:min(len(text), 8)])
			}
			w.row -= up
			text = text[strings.Index(text, "A")+1:]
		case text[0] == '\n':
			w.row, w.column = w.row+1, 0
			text = text[1:]
		case text[0] == '\r':
			w.column = 0
			text = text[1:]
		default:
			r := []rune(text)[0]
			if w.column == w.columns {
				w.row, w.column = w.row+1, 0
			}
			w.at()
			line := []rune(w.lines[w.row])
			w.lines[w.row] = string(append(line[:w.column], r)) + string(line[min(w.column+1, len(line)):])
			w.column++
			text = text[len(string(r)):]
		}
	}
	return len(p), nil
}

// at makes the line that the cursor is in.
func (w *terminal) at() {
	for len(w.lines) <= w.row {
		w.lines = append(w.lines, "")
	}
	w.lines[w.row] = padRight(w.lines[w.row], w.column)
}

func (w *terminal) String() string { return strings.TrimRight(strings.Join(w.lines, "\n"), "\n ") }

func liveConsole(columns, rows int) (*console, *terminal) {
	w := &terminal{columns: columns}
	c := newConsole(nil, w, w)
	c.live = true
	c.size = func() (int, int) { return w.columns, rows }
	return c, w
}

func TestLinesAreDrawnInPlace(t *testing.T) {
	c, w := liveConsole(20, 10)
	c.say("first")
	c.draw("one", "two", "three")
	require.Equal(t, "first\none\ntwo\nthree", w.String())
	c.draw("ONE", "2")
	require.Equal(t, "first\nONE\n2", w.String())
	c.say("second")
	require.Equal(t, "first\nsecond\nONE\n2", w.String())
	c.warn("oh")
	fmt.Fprintln(logWriter{c}, "log")
	require.Equal(t, "first\nsecond\nshoal: oh\nlog\nONE\n2", w.String())
	c.clear()
	require.Equal(t, "first\nsecond\nshoal: oh\nlog", w.String())
	c.clear()
	c.say("third")
	require.Equal(t, "first\nsecond\nshoal: oh\nlog\nthird", w.String())
}

func TestLinesFitTheWindow(t *testing.T) {
	c, w := liveConsole(10, 4)
	c.draw(strings.Repeat("x", 50), "b", "c", "d", "e")
	require.Equal(t, strings.Repeat("x", 9)+"\nb\nc", w.String())

	// The window becomes narrower, and the terminal wraps what stands there.
	c, w = liveConsole(20, 10)
	c.say("top")
	c.draw(strings.Repeat("y", 15))
	w.lines = []string{"top", "yyyyyyyyyy", "yyyyy"}
	w.row, w.column, w.columns = 3, 0, 10
	c.draw("short")
	require.Equal(t, "top\nshort", w.String())
}

func TestNothingIsDrawnElsewhere(t *testing.T) {
	out := newOutput()
	c := newConsole(nil, out, out)
	c.draw("one")
	c.clear()
	require.Empty(t, out.String())
	c.say("text")
	require.Equal(t, "text\n", out.String())
	c.json = true
	c.say("text")
	c.emit(failureJSON{Event: "warning", Message: "a < b"})
	require.Equal(t, "text\n{\"event\":\"warning\",\"message\":\"a < b\"}\n", out.String())
}

func TestMeter(t *testing.T) {
	c, w := liveConsole(40, 10)
	m := newMeter(c, "hashing")
	m.shownAt = m.shownAt.Add(-drawEvery)
	m.start = m.start.Add(-drawEvery)
	m.set(50, 100)
	require.Contains(t, w.String(), "hashing  50.0%")
	m.done("Hashed", 100)
	require.Contains(t, w.String(), "Hashed: 100 B in")
	require.NotContains(t, w.String(), "50.0%")
}

func TestReadable(t *testing.T) {
	require.Equal(t, "disk full? yes", readable(errors.New("client: engine: disk full? yes")))
	require.Equal(t, `adding "x": no`, readable(errors.New(`client: adding "x": metainfo: no`)))
	require.Equal(t, "one; two?", readable(errors.Join(errors.New("one"), errors.New("two\x1b"))))
	require.Equal(t, "x: "+fs.ErrNotExist.Error(), readable(&fs.PathError{Op: "lstat", Path: "x", Err: fs.ErrNotExist}))
}
