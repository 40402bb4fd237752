package main

import (
	"fmt"
	"strings"

	"github.com/shoal-bt/shoal/swarm"
)

// pieceMap draws which pieces are held, in a number of cells. Each cell stands for an
// equal share of the pieces.
func (s style) pieceMap(have swarm.Bitfield, pieces, cells int) string {
	shades := s.shades()
	if pieces == 0 || cells <= 0 {
		return ""
	}
	var b strings.Builder
	last := ""
	for cell := range cells {
		first := int(int64(cell) * int64(pieces) / int64(cells))
		end := max(int(int64(cell+1)*int64(pieces)/int64(cells)), first+1)
		held := 0
		for i := first; i < end; i++ {
			if have.Has(i) {
				held++
			}
		}
		// Only a full cell has the last shade, only an empty one the first.
		shade := 0
		if held > 0 {
			shade = 1 + held*3/(end-first)
		}
		color := map[bool]string{true: green, false: cyan}[shade == 4]
		if shade == 0 {
			color = faint
		}
		if s.color && color != last {
			if last != "" {
				b.WriteString("\x1b[0m")
			}
			b.WriteString("\x1b[" + color + "m")
			last = color
		}
		b.WriteString(shades[shade])
	}
	if last != "" {
		b.WriteString("\x1b[0m")
	}
	return b.String()
}

// shades are the characters of the map: no piece of a cell is held, less than a
// third of its pieces, less than two thirds, more, and all.
func (s style) shades() []string {
	if s.unicode {
		return []string{"·", "░", "▒", "▓", "█"}
	}
	return []string{".", "-", "=", "+", "#"}
}

// legend says what the characters of the map mean.
func (s style) legend() string {
	c := s.shades()
	return fmt.Sprintf("map of pieces: %s none here  %s some here  %s all here", c[0], strings.Join(c[1:4], " "), c[4])
}

// bar draws a share, 0 to 1, as a bar of a number of cells.
func (s style) bar(share float64, cells int) string {
	done := int(min(max(share, 0), 1) * float64(cells))
	full, empty := "#", "."
	if s.unicode {
		full, empty = "█", "·"
	}
	return s.paint(green, strings.Repeat(full, done)) + s.paint(faint, strings.Repeat(empty, cells-done))
}
