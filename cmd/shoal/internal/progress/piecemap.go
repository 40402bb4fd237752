package progress

import (
	"fmt"
	"strings"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/swarm"
)

// pieceMap draws which pieces are held, in a number of cells. Each cell stands for an
// equal share of the pieces.
func pieceMap(s terminal.Style, have swarm.Bitfield, pieces, cells int) string {
	shades := shades(s)
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
		color := map[bool]string{true: terminal.Green, false: terminal.Cyan}[shade == 4]
		if shade == 0 {
			color = terminal.Faint
		}
		if s.Color && color != last {
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
func shades(s terminal.Style) []string {
	if s.Unicode {
		return []string{"·", "░", "▒", "▓", "█"}
	}
	return []string{".", "-", "=", "+", "#"}
}

// legend says what the characters of the map mean.
func legend(s terminal.Style) string {
	c := shades(s)
	return fmt.Sprintf("map of pieces: %s none here  %s some here  %s all here", c[0], strings.Join(c[1:4], " "), c[4])
}
