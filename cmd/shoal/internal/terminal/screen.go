package terminal

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A Screen keeps lines at the bottom of a terminal that change, and prints others above
// them. Its methods may be called from many goroutines at once; its fields are not
// changed after the first call.
type Screen struct {
	Output io.Writer                  // the terminal
	Size   func() (columns, rows int) // of the window

	mu      sync.Mutex
	drawn   []string // the lines at the bottom; the cursor is at the first of them
	columns int      // of the window when they were drawn

	isLent bool     // something else draws on the terminal
	held   []func() // prints that wait until it is given back
}

// maxHeld is how many prints wait at most while the terminal is lent. Later ones are dropped.
const maxHeld = 1000

// Lend clears what is drawn, and keeps Print and Draw from the terminal until giveBack is called:
// prints come then, and what is drawn meanwhile does not.
func (s *Screen) Lend() (giveBack func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
	s.isLent = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, print := range s.held {
			print()
		}
		s.isLent, s.held = false, nil
	}
}

// Size replaces numbers that a terminal did not tell, by the environment or by the
// usual size.
func Size(columns, rows int) (int, int) {
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

// Print writes text to w, which is the terminal or something else, above the lines that
// are drawn.
func (s *Screen) Print(w io.Writer, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isLent {
		if len(s.held) < maxHeld {
			s.held = append(s.held, func() { io.WriteString(w, text) })
		}
		return
	}
	if len(s.drawn) == 0 {
		io.WriteString(w, text)
		return
	}
	lines := s.drawn
	s.erase()
	io.WriteString(w, text)
	s.redraw(lines)
}

// Draw replaces the lines that were drawn last. Lines that are too long for the window
// are cut, and lines that are too many are left out.
func (s *Screen) Draw(lines ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isLent {
		s.redraw(slices.Clone(lines))
	}
}

// Clear takes the lines away that were drawn.
func (s *Screen) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
}

// redraw puts lines in the place of those that were drawn, in one write, so that nothing
// flickers. It leaves the cursor at the first of them, because terminals move the cursor
// along when a resize wraps lines, and drop what is below it when the window becomes
// lower. So the lines that are drawn begin at the cursor in a window of any size.
func (s *Screen) redraw(lines []string) {
	columns, rows := s.Size()
	var b strings.Builder
	b.WriteString("\x1b[?7l\r")
	if columns != s.columns {
		b.WriteString("\x1b[J") // also what the terminal wrapped
		s.columns = columns
	}
	lines = lines[:min(len(lines), max(rows-1, 1))]
	for i, line := range lines {
		if i > 0 {
			b.WriteString("\x1b[K\n")
		}
		b.WriteString(Cut(line, columns-1))
	}
	b.WriteString("\x1b[J\r\x1b[?7h")
	if len(lines) > 1 {
		fmt.Fprintf(&b, "\x1b[%dA", len(lines)-1)
	}
	s.drawn = lines
	io.WriteString(s.Output, b.String())
}

func (s *Screen) erase() {
	if len(s.drawn) > 0 {
		io.WriteString(s.Output, "\r\x1b[J")
		s.drawn = nil
	}
}
