package terminal_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal/terminaltest"
)

func screen(columns, rows int) (*terminal.Screen, *terminaltest.Terminal) {
	w := &terminaltest.Terminal{Columns: columns}
	return &terminal.Screen{Output: w, Size: func() (int, int) { return w.Columns, rows }}, w
}

func TestLinesFitTheWindow(t *testing.T) {
	s, w := screen(10, 4)
	s.Draw(strings.Repeat("x", 50), "b", "c", "d", "e")
	require.Equal(t, strings.Repeat("x", 9)+"\nb\nc", w.String())

	// The window becomes narrower, and the terminal wraps what stands there.
	s, w = screen(20, 10)
	s.Print(w, "top\n")
	s.Draw(strings.Repeat("y", 15))
	w.Lines = []string{"top", "yyyyyyyyyy", "yyyyy"}
	w.Row, w.Column, w.Columns = 3, 0, 10
	s.Draw("short")
	require.Equal(t, "top\nshort", w.String())
}
