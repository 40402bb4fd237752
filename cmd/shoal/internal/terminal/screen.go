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

	mu    sync.Mutex
	drawn []string // the lines at the bottom
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
	if len(s.drawn) == 0 {
		io.WriteString(w, text)
		return
	}
	columns, _ := s.Size()
	lines := s.drawn
	s.erase(columns)
	io.WriteString(w, text)
	s.redraw(lines, columns)
}

// Draw replaces the lines that were drawn last. Lines that are too long for the window
// are cut, and lines that are too many are left out.
func (s *Screen) Draw(lines ...string) {
	columns, rows := s.Size()
	lines = slices.Clone(lines[:min(len(lines), max(rows-1, 1))])
	for i := range lines {
		lines[i] = Cut(lines[i], columns-1)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.redraw(lines, columns)
}

// Clear takes the lines away that were drawn.
func (s *Screen) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.drawn) > 0 {
		columns, _ := s.Size()
		s.erase(columns)
	}
}

// redraw puts lines in the place of those that were drawn, in one write, so that
// nothing flickers.
func (s *Screen) redraw(lines []string, columns int) {
	var b strings.Builder
	b.WriteString(s.up(columns))
	for _, line := range lines {
		b.WriteString(line + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	s.drawn = lines
	io.WriteString(s.Output, b.String())
}

func (s *Screen) erase(columns int) {
	io.WriteString(s.Output, s.up(columns)+"\x1b[J")
	s.drawn = nil
}

// up returns what moves the cursor to the first of the lines that were drawn. In a
// window that became narrower they take more rows than lines.
func (s *Screen) up(columns int) string {
	rows := 0
	for _, line := range s.drawn {
		rows += max(1, (Width(line)+columns-1)/max(columns, 1))
	}
	if rows == 0 {
		return ""
	}
	return fmt.Sprintf("\r\x1b[%dA", rows)
}
