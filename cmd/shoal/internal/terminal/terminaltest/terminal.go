// Package terminaltest has a terminal for tests.
package terminaltest

import (
	"fmt"
	"slices"
	"strings"
)

// A Terminal is enough of one to see what stands on it in the end, also after a resize. It
// wraps lines again when its width changes, as most terminals do. One goroutine at a time
// may use it.
type Terminal struct {
	Columns, Rows int // of the window; no rows for any number

	rows        []row // all that were written, also those above the window
	top         int   // the first row of the window
	row, column int   // of the cursor; row counts from the first of all
	clips       bool  // what does not fit into a row is not wrapped
}

// A row is one row of characters.
type row struct {
	text    []rune
	wrapped bool // the next row belongs to the same line
}

// Write takes text and the few sequences that package terminal sends.
func (w *Terminal) Write(p []byte) (int, error) {
	text := string(p)
	for text != "" {
		if body, ok := strings.CutPrefix(text, "\x1b["); ok {
			end := strings.IndexAny(body, "AKJhlm")
			if end < 0 {
				return 0, fmt.Errorf("unknown sequence %q", text[:min(len(text), 8)])
			}
			if err := w.sequence(body[:end], body[end]); err != nil {
				return 0, err
			}
			text = body[end+1:]
			continue
		}
		r := []rune(text)[0]
		text = text[len(string(r)):]
		w.put(r)
	}
	return len(p), nil
}

// sequence does what a control sequence says.
func (w *Terminal) sequence(parameter string, final byte) error {
	switch final {
	case 'A':
		var up int
		if _, err := fmt.Sscanf(parameter, "%d", &up); err != nil {
			return err
		}
		w.row = max(w.row-up, w.top)
	case 'K', 'J':
		r := w.at()
		r.text, r.wrapped = r.text[:min(w.column, len(r.text))], false
		if final == 'J' {
			w.rows = w.rows[:w.row+1]
		}
	case 'h', 'l':
		if parameter != "?7" {
			return fmt.Errorf("unknown mode %q", parameter)
		}
		w.clips = final == 'l'
	}
	return nil
}

// put writes one character.
func (w *Terminal) put(r rune) {
	switch {
	case r == '\n':
		w.at().wrapped = false
		w.row, w.column = w.row+1, 0
		w.scroll()
		return
	case r == '\r':
		w.column = 0
		return
	case w.column == w.Columns && w.clips:
		w.column--
	case w.column == w.Columns:
		w.at().wrapped = true
		w.row, w.column = w.row+1, 0
		w.scroll()
	}
	at := w.at()
	for len(at.text) <= w.column {
		at.text = append(at.text, ' ')
	}
	at.text[w.column] = r
	w.column++
}

// at returns the row that the cursor is in.
func (w *Terminal) at() *row {
	for len(w.rows) <= w.row {
		w.rows = append(w.rows, row{})
	}
	return &w.rows[w.row]
}

// scroll moves the window down to the cursor.
func (w *Terminal) scroll() {
	if w.Rows > 0 {
		w.top = max(w.top, w.row-w.Rows+1)
	}
}

// Resize changes the size of the window. The rows below the cursor that have no room
// any more are lost.
func (w *Terminal) Resize(columns, rows int) {
	w.at()
	var all []row
	cursor := 0
	for i := 0; i < len(w.rows); i++ {
		var line []rune
		first := i
		offset := -1 // of the cursor in the line
		for ; ; i++ {
			if i == w.row {
				offset = (i-first)*w.Columns + w.column
			}
			line = append(line, w.rows[i].text...)
			if !w.rows[i].wrapped || i+1 == len(w.rows) {
				break
			}
		}
		if offset >= 0 {
			cursor = len(all) + offset/columns
		}
		for len(line) > columns {
			all = append(all, row{slices.Clone(line[:columns]), true})
			line = line[columns:]
		}
		all = append(all, row{slices.Clone(line), false})
	}
	w.rows, w.row, w.column = all, min(cursor, len(all)-1), 0
	w.Columns, w.Rows = columns, rows
	if rows > 0 {
		w.top = min(max(len(all)-rows, 0), w.row)
		w.rows = all[:min(len(all), w.top+rows)]
	}
}

// String returns what was written, also what is above the window.
func (w *Terminal) String() string {
	lines := make([]string, len(w.rows))
	for i, r := range w.rows {
		lines[i] = strings.TrimRight(string(r.text), " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n ")
}
