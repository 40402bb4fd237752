// Package terminaltest has a terminal for tests.
package terminaltest

import (
	"fmt"
	"strings"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
)

// A Terminal is enough of one to see what stands on it in the end. One goroutine at a
// time may use it.
type Terminal struct {
	Lines       []string
	Row, Column int // of the cursor
	Columns     int // of the window
}

// Write takes text and the few sequences that package terminal sends.
func (w *Terminal) Write(p []byte) (int, error) {
	text := string(p)
	for text != "" {
		var up int
		switch {
		case strings.HasPrefix(text, "\x1b[K"):
			w.at()
			w.Lines[w.Row] = string([]rune(w.Lines[w.Row])[:w.Column])
			text = text[3:]
		case strings.HasPrefix(text, "\x1b[J"):
			w.at()
			w.Lines[w.Row] = string([]rune(w.Lines[w.Row])[:w.Column])
			w.Lines = w.Lines[:w.Row+1]
			text = text[3:]
		case strings.HasPrefix(text, "\x1b["):
			if _, err := fmt.Sscanf(text, "\x1b[%dA", &up); err != nil {
				return 0, fmt.Errorf("unknown sequence %q", text[:min(len(text), 8)])
			}
			w.Row -= up
			text = text[strings.Index(text, "A")+1:]
		case text[0] == '\n':
			w.Row, w.Column = w.Row+1, 0
			text = text[1:]
		case text[0] == '\r':
			w.Column = 0
			text = text[1:]
		default:
			r := []rune(text)[0]
			if w.Column == w.Columns {
				w.Row, w.Column = w.Row+1, 0
			}
			w.at()
			line := []rune(w.Lines[w.Row])
			w.Lines[w.Row] = string(append(line[:w.Column], r)) + string(line[min(w.Column+1, len(line)):])
			w.Column++
			text = text[len(string(r)):]
		}
	}
	return len(p), nil
}

// at makes the line that the cursor is in.
func (w *Terminal) at() {
	for len(w.Lines) <= w.Row {
		w.Lines = append(w.Lines, "")
	}
	w.Lines[w.Row] = terminal.PadRight(w.Lines[w.Row], w.Column)
}

// String returns the lines that stand on the terminal.
func (w *Terminal) String() string { return strings.TrimRight(strings.Join(w.Lines, "\n"), "\n ") }
