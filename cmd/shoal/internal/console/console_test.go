package console

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal/terminaltest"
)

func liveConsole(columns, rows int) (*Console, *terminaltest.Terminal) {
	w := &terminaltest.Terminal{Columns: columns, Rows: rows}
	c := New(nil, w, w)
	c.IsLive = true
	c.Screen.Size = func() (int, int) { return w.Columns, rows }
	return c, w
}

func TestLinesAreDrawnInPlace(t *testing.T) {
	c, w := liveConsole(20, 10)
	c.Say("first")
	c.Draw("one", "two", "three")
	require.Equal(t, "first\none\ntwo\nthree", w.String())
	c.Draw("ONE", "2")
	require.Equal(t, "first\nONE\n2", w.String())
	c.Say("second")
	require.Equal(t, "first\nsecond\nONE\n2", w.String())
	c.Warn("oh")
	fmt.Fprintln(logWriter{c}, "log")
	require.Equal(t, "first\nsecond\nshoal: oh\nlog\nONE\n2", w.String())
	c.Screen.Clear()
	require.Equal(t, "first\nsecond\nshoal: oh\nlog", w.String())
	c.Screen.Clear()
	c.Say("third")
	require.Equal(t, "first\nsecond\nshoal: oh\nlog\nthird", w.String())
}

func TestNothingIsDrawnElsewhere(t *testing.T) {
	out := new(bytes.Buffer)
	c := New(nil, out, out)
	c.Draw("one")
	c.Screen.Clear()
	require.Empty(t, out.String())
	c.Say("text")
	require.Equal(t, "text\n", out.String())
	c.IsJSON = true
	c.Say("text")
	c.Emit(Failure{Event: "warning", Message: "a < b"})
	require.Equal(t, "text\n{\"event\":\"warning\",\"message\":\"a < b\"}\n", out.String())
}

func TestMeter(t *testing.T) {
	c, w := liveConsole(40, 10)
	m := NewMeter(c, "hashing")
	m.shownAt = m.shownAt.Add(-DrawEvery)
	m.start = m.start.Add(-DrawEvery)
	m.Set(50, 100)
	require.Contains(t, w.String(), "hashing  50.0%")
	m.Done("Hashed", 100)
	require.Contains(t, w.String(), "Hashed: 100 B in")
	require.NotContains(t, w.String(), "50.0%")
}
