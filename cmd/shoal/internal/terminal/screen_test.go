package terminal_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal/terminaltest"
)

func screen(columns, rows int) (*terminal.Screen, *terminaltest.Terminal) {
	w := &terminaltest.Terminal{Columns: columns, Rows: rows}
	return &terminal.Screen{Output: w, Size: func() (int, int) { return w.Columns, w.Rows }}, w
}

func TestLinesFitTheWindow(t *testing.T) {
	s, w := screen(10, 4)
	s.Draw(strings.Repeat("x", 50), "b", "c", "d", "e")
	require.Equal(t, strings.Repeat("x", 9)+"\nb\nc", w.String())
}

// Whatever size the window gets, nothing remains of what was drawn before.
func TestResizeLeavesNoDebris(t *testing.T) {
	for _, sizes := range [][][2]int{
		{{40, 20}}, {{20, 20}}, {{40, 20}, {79, 20}}, {{20, 20}, {100, 20}}, {{80, 4}, {80, 20}}, {{80, 2}, {80, 30}}, {{50, 10}, {120, 30}, {60, 8}},
		{{30, 20}, {60, 20}, {30, 20}, {80, 20}},
	} {
		for _, messages := range []int{1, 5, 40} {
			for _, late := range []bool{false, true} {
				t.Run(fmt.Sprint(sizes, messages, late), func(t *testing.T) {
					w := &terminaltest.Terminal{Columns: 80, Rows: 20}
					columns, rows := 80, 20 // what the program knows of
					s := &terminal.Screen{Output: w, Size: func() (int, int) { return columns, rows }}
					draw := func() {
						s.Draw("name", strings.Repeat("#", columns-1), strings.Repeat("-", columns*2/3), "end")
					}
					var want []string
					for i := range messages {
						want = append(want, fmt.Sprint("message ", i))
						s.Print(w, want[i]+"\n")
						draw()
					}
					for _, size := range sizes {
						w.Resize(size[0], size[1])
						if late && size[1] > 4 { // the program draws before it knows
							draw()
						}
						columns, rows = size[0], size[1]
						draw()
						draw()
					}
					drawn := []string{"name", strings.Repeat("#", columns-1), strings.Repeat("-", columns*2/3), "end"}
					want = append(want, drawn[:min(4, rows-1)]...)
					require.Equal(t, strings.Join(want, "\n"), w.String())
					s.Clear()
					require.Equal(t, strings.Join(want[:messages], "\n"), w.String())
				})
			}
		}
	}
}

// While the terminal is lent nothing gets to it; what was printed meanwhile comes afterwards.
func TestScreenIsLent(t *testing.T) {
	s, w := screen(20, 10)
	s.Print(w, "before\n")
	s.Draw("drawn")
	giveBack := s.Lend()
	require.Equal(t, "before", w.String())
	s.Draw("not drawn")
	for i := range 2000 {
		s.Print(w, fmt.Sprint("message ", i, "\n"))
	}
	require.Equal(t, "before", w.String())
	giveBack()
	require.Equal(t, 1001, strings.Count(w.String()+"\n", "\n"))
	s.Draw("drawn")
	require.True(t, strings.HasSuffix(w.String(), "message 999\ndrawn"))
}
