package chooser

import (
	"fmt"
	"strings"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/progress"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
)

// around is how many lines of a window are not for entries: two above, and two for the keys.
const around = 4

// Lines returns the lines for a window of that size, without control characters but for colours.
// The list scrolls so that the cursor is in the window.
func (l *List) Lines(s terminal.Style, columns, rows int) (lines []string) {
	columns = max(columns-1, 10)
	hasFrame := rows > around
	l.page = max(rows, 1)
	if hasFrame {
		l.page = rows - around
	}
	l.top = min(l.top, l.cursor, max(len(l.visible)-l.page, 0))
	l.top = max(l.top, l.cursor-l.page+1)
	end := min(l.top+l.page, len(l.visible))
	if hasFrame {
		lines = append(lines, terminal.Cut(l.title(), columns), terminal.Cut(l.place(end), columns))
	}
	for place := l.top; place < end; place++ {
		lines = append(lines, l.line(s, place, columns))
	}
	if hasFrame {
		lines = append(lines, terminal.Cut(progress.Fitting(keysThatMove, columns), columns), terminal.Cut(l.lastLine(columns), columns))
	}
	return lines
}

// What keys do, most wanted first.
var (
	keysThatMove = []string{"Up, Down, PgUp, PgDn, Home, End: move", "Left, Right: close and open a folder"}
	keysThatEnd  = []string{"Space: choose", "Enter: download", "q: quit", "a: all or none"}
)

// lastLine returns the keys that choose and end, or what is wrong.
func (l *List) lastLine(columns int) string {
	if l.isEmpty {
		return "No file is chosen. Choose one with Space, or quit with q."
	}
	return progress.Fitting(keysThatEnd, columns)
}

// title says how much is chosen.
func (l *List) title() string {
	files, length := l.total()
	var all int64
	for _, f := range l.files {
		all += f.Length
	}
	return fmt.Sprintf("%s of %s chosen, %s of %s, of %s",
		quantity.Number(int64(files)), quantity.Count(len(l.files), "file"), quantity.Size(length), quantity.Size(all), terminal.Sanitize(l.name))
}

// place says which part of the list the window shows.
func (l *List) place(end int) string {
	if l.top == 0 && end == len(l.visible) {
		return ""
	}
	return fmt.Sprintf("lines %s to %s of %s", quantity.Number(int64(l.top+1)), quantity.Number(int64(end)), quantity.Number(int64(len(l.visible))))
}

// maxIndent is how many columns the depth of an entry takes at most.
const maxIndent = 20

// line draws the entry at a place of the visible ones.
func (l *List) line(s terminal.Style, place, columns int) string {
	e := &l.entries[l.visible[place]]
	mark := "[-]"
	switch e.chosen {
	case 0:
		mark = "[ ]"
	case e.files:
		mark = "[x]"
	}
	name := terminal.Sanitize(e.name)
	if e.file < 0 {
		name += "/"
		if e.isClosed {
			name += " (" + quantity.Count(e.files, "file") + ")"
		}
	}
	cursor := "  "
	if place == l.cursor {
		cursor = "> "
	}
	text := cursor + mark + fmt.Sprintf(" %10s  ", quantity.Size(e.length)) + strings.Repeat(" ", min(2*e.depth, maxIndent))
	text += terminal.Shorten(name, max(columns-terminal.Width(text), 8))
	text = terminal.Cut(text, columns)
	if place == l.cursor && s.Color {
		return s.Paint(terminal.Reverse, terminal.PadRight(text, columns))
	}
	return text
}
