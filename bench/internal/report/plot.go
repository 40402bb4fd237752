package report

import (
	"cmp"
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
.note { font-size: 11px; }
.axis { stroke: #8c959f; }
.own { fill: #1f883d; }
.plain { fill: #8c959f; }
.rival { fill: #bc6c25; }
@media (prefers-color-scheme: dark) {
text { fill: #d1d7e0; }
.own { fill: #3fb950; }
.rival { fill: #d9915b; }
}
</style>
`

// labels are what the plot calls contenders whose names say little to a reader of it.
var labels = map[string]string{"floor": "plain Go", "blast": "plain Go"}

// footnotes stand below the bars.
var footnotes = []string{
	"plain Go: a loop over the standard library, without an engine. To download: read, hash, write.",
	"To seed: read up to 16 blocks, send them in one write. All bars of a column have one scale.",
}

// Plots reports whether anything was measured that Plot draws.
func Plots(groups []Group, reports ...*Report) bool {
	return slices.ContainsFunc(groups, func(g Group) bool {
		rows, _ := measured(g, reports)
		return len(rows) > 0
	})
}

// Plot draws the rate and the CPU time per GiB of contenders as bars, on one scale
// for each of the two. A group is taken from the first report that measured it, and
// its heading names the class of that report. Groups that no report measured are left
// out.
func Plot(w io.Writer, groups []Group, reports ...*Report) error {
	most := map[Metric]float64{}
	for _, g := range groups {
		rows, _ := measured(g, reports)
		for _, row := range rows {
			most[Rate] = max(most[Rate], row.Median[Rate])
			most[Cost] = max(most[Cost], row.Median[Cost])
		}
	}
	var b strings.Builder
	y := plotMargin + headHeight
	panel := (plotWidth - 2*plotMargin - labelWidth) / 2
	left, right := plotMargin+labelWidth, plotMargin+labelWidth+panel
	fmt.Fprintf(&b, `<text class="head" x="%d" y="%d">MiB/s (more is better)</text>`+"\n", left, plotMargin+textDrop)
	fmt.Fprintf(&b, `<text class="head" x="%d" y="%d">CPU seconds per GiB (less is better)</text>`+"\n", right, plotMargin+textDrop)
	for _, g := range groups {
		rows, class := measured(g, reports)
		if len(rows) == 0 {
			continue
		}
		title := g.Title
		if class != "" {
			title += " (" + class + ")"
		}
		fmt.Fprintf(&b, `<text class="head" x="%d" y="%d">%s</text>`+"\n", plotMargin, y+textDrop, escape(title))
		y += barPitch
		for _, m := range []int{left, right} {
			fmt.Fprintf(&b, `<line class="axis" x1="%d" y1="%d" x2="%d" y2="%d"/>`+"\n", m, y-2, m, y+barPitch*len(rows)-4)
		}
		for _, row := range rows {
			fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text>`+"\n", plotMargin, y+textDrop, escape(cmp.Or(labels[row.Name], row.Name)))
			bar(&b, row, Rate, left, y, panel-panelGap, most[Rate])
			bar(&b, row, Cost, right, y, panel-panelGap, most[Cost])
			y += barPitch
		}
		y += barPitch / 2
	}
	for _, line := range footnotes {
		fmt.Fprintf(&b, `<text class="note" x="%d" y="%d">%s</text>`+"\n", plotMargin, y+textDrop, escape(line))
		y += barHeight
	}
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" aria-label="Rates and CPU time of downloading and seeding">`+"\n%s%s</svg>\n",
		plotWidth, y+plotMargin, style, b.String())
	return err
}

// measured returns the contenders of a group from the first report that has any, and
// the class of that report.
func measured(g Group, reports []*Report) ([]Row, string) {
	for _, r := range reports {
		if rows := r.rows(g); len(rows) > 0 {
			return rows, r.Class
		}
	}
	return nil, ""
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
	class := "plain"
	switch {
	case strings.HasPrefix(row.Name, "shoal"):
		class = "own"
	case labels[row.Name] == "":
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
