package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A Group is some bars of a plot under one heading: contenders of one scenario.
type Group struct {
	Title      string
	Scenario   string
	Contenders []string
}

// Measures of the plot, in pixels.
const (
	plotWidth  = 860
	plotMargin = 16
	labelWidth = 150
	panelGap   = 70 // room for the number behind the longest bar
	barHeight  = 16
	barPitch   = 22
	headHeight = 34
	textDrop   = 12 // from the top of a bar to the base line of its text
)

// style has colours that can be read on light and on dark pages; text and lines
// follow the reader's preference.
const style = `<style>
text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #24292f; }
.head { font-weight: 600; }
.axis { stroke: #8c959f; }
.own { fill: #1f883d; }
.floor { fill: #8c959f; }
.rival { fill: #bc6c25; }
@media (prefers-color-scheme: dark) {
text { fill: #d1d7e0; }
.own { fill: #3fb950; }
.rival { fill: #d9915b; }
}
</style>
`

// Plots reports whether anything was measured that Plot draws.
func (r *Report) Plots(groups []Group) bool {
	return slices.ContainsFunc(groups, func(g Group) bool { return len(r.rows(g)) > 0 })
}

// Plot draws the rate and the CPU time by GiB of contenders as bars. Groups of which
// nothing was measured are left out.
func (r *Report) Plot(w io.Writer, groups []Group) error {
	var b strings.Builder
	y := plotMargin + headHeight
	panel := (plotWidth - 2*plotMargin - labelWidth) / 2
	left, right := plotMargin+labelWidth, plotMargin+labelWidth+panel
	fmt.Fprintf(&b, `<text class="head" x="%d" y="%d">MiB/s (more is better)</text>`+"\n", left, plotMargin+textDrop)
	fmt.Fprintf(&b, `<text class="head" x="%d" y="%d">CPU seconds per GiB (less is better)</text>`+"\n", right, plotMargin+textDrop)
	for _, g := range groups {
		rows := r.rows(g)
		if len(rows) == 0 {
			continue
		}
		fmt.Fprintf(&b, `<text class="head" x="%d" y="%d">%s</text>`+"\n", plotMargin, y+textDrop, escape(g.Title))
		y += barPitch
		most := map[Metric]float64{}
		for _, row := range rows {
			for _, m := range []Metric{Rate, Cost} {
				most[m] = max(most[m], row.Median[m])
			}
		}
		for _, m := range []int{left, right} {
			fmt.Fprintf(&b, `<line class="axis" x1="%d" y1="%d" x2="%d" y2="%d"/>`+"\n", m, y-2, m, y+barPitch*len(rows)-4)
		}
		for _, row := range rows {
			fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text>`+"\n", plotMargin, y+textDrop, escape(row.Name))
			bar(&b, row, Rate, left, y, panel-panelGap, most[Rate])
			bar(&b, row, Cost, right, y, panel-panelGap, most[Cost])
			y += barPitch
		}
		y += barPitch / 2
	}
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" aria-label="Rates and CPU time of downloading and seeding">`+"\n%s%s</svg>\n",
		plotWidth, y+plotMargin-barPitch/2, style, b.String())
	return err
}

// rows returns the contenders of a group that were measured.
func (r *Report) rows(g Group) (rows []Row) {
	for _, s := range r.Scenarios {
		if s.Name != g.Scenario {
			continue
		}
		for _, name := range g.Contenders {
			for _, row := range s.Rows {
				if row.Name == name && row.Median[Rate] > 0 {
					rows = append(rows, row)
				}
			}
		}
	}
	return rows
}

// bar draws one bar and its number, in a panel that begins at x.
func bar(b *strings.Builder, row Row, m Metric, x, y, width int, most float64) {
	v := row.Median[m]
	if v <= 0 {
		return
	}
	length := int(v / most * float64(width))
	class := "floor"
	switch {
	case strings.HasPrefix(row.Name, "shoal"):
		class = "own"
	case strings.HasPrefix(row.Name, "libtorrent"):
		class = "rival"
	}
	fmt.Fprintf(b, `<rect class="%s" x="%d" y="%d" width="%d" height="%d" rx="2"/>`, class, x+1, y, max(1, length), barHeight)
	fmt.Fprintf(b, `<text x="%d" y="%d">%s</text>`+"\n", x+length+6, y+textDrop, number(v, true))
}

func escape(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s))
	return b.String()
}
