package main

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal/terminaltest"
)

func liveConsole(columns, rows int) (*console, *terminaltest.Terminal) {
	w := &terminaltest.Terminal{Columns: columns, Rows: rows}
	c := newConsole(nil, w, w)
	c.live = true
	c.screen.Size = func() (int, int) { return w.Columns, rows }
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
	c.screen.Clear()
	require.Equal(t, "first\nsecond\nshoal: oh\nlog", w.String())
	c.screen.Clear()
	c.say("third")
	require.Equal(t, "first\nsecond\nshoal: oh\nlog\nthird", w.String())
}

func TestNothingIsDrawnElsewhere(t *testing.T) {
	out := newOutput()
	c := newConsole(nil, out, out)
	c.draw("one")
	c.screen.Clear()
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
