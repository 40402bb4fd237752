// Termpicture draws a terminal as an SVG. It reads the lines of a screen with
// their SGR escape sequences, as "tmux capture-pane -e -p" prints them:
//
//	tmux capture-pane -e -p | go run ./internal/house/termpicture >picture.svg
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
)

// The size of a character's cell and the margin round all of them, in the SVG's
// units, for a font of size 14.
const (
	cellWidth  = 8.4
	cellHeight = 18
	margin     = 14
)

func main() {
	if err := draw(os.Stdout, os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "termpicture:", err)
		os.Exit(1)
	}
}

// draw reads a screen from r and writes its picture, without the empty lines at
// the end of the screen.
func draw(w io.Writer, r io.Reader) error {
	var lines [][]span
	s := style{colour: plain}
	in := bufio.NewScanner(r)
	for in.Scan() {
		lines = append(lines, s.split(in.Text()))
	}
	if err := in.Err(); err != nil {
		return err
	}
	for len(lines) > 0 && len(lines[len(lines)-1]) == 0 {
		lines = lines[:len(lines)-1]
	}
	out := bufio.NewWriter(w)
	columns := 0
	for _, l := range lines {
		n := 0
		for _, p := range l {
			n += len([]rune(p.text))
		}
		columns = max(columns, n)
	}
	width, height := float64(columns)*cellWidth+2*margin, float64(len(lines))*cellHeight+2*margin
	fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">`+"\n", width, height, width, height)
	fmt.Fprintf(out, `<rect width="100%%" height="100%%" rx="8" fill="#16181d"/>`+"\n")
	for i, l := range lines {
		drawLine(out, float64(i), l)
	}
	fmt.Fprintln(out, "</svg>")
	return out.Flush()
}

func drawLine(w io.Writer, line float64, spans []span) {
	column := 0
	for _, p := range spans {
		n := len([]rune(p.text))
		if strings.TrimSpace(p.text) != "" {
			fmt.Fprintf(w, `<text x="%.1f" y="%.1f" fill="%s"%s textLength="%.1f" lengthAdjust="spacingAndGlyphs" xml:space="preserve">%s</text>`+"\n",
				margin+float64(column)*cellWidth, margin+(line+0.75)*cellHeight, p.colour, p.attributes(), float64(n)*cellWidth, escape.Replace(p.text))
		}
		column += n
	}
}

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
