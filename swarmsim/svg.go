package swarmsim

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"slices"
	"time"
)

// A Curve is a Result with a name, for DrawCompletion.
type Curve struct {
	Name   string
	Result *Result
}

// The picture, in pixels.
const (
	svgWidth, svgHeight = 880, 400
	plotLeft, plotRight = 64, svgWidth - 240
	plotTop, plotBottom = 64, svgHeight - 56
	legendLeft          = plotRight + 16
	curveWidth          = 2.0

	mostBounds = 4 // times the bound is the longest axis of time
)

// curveColors can be told apart by most people who see colors differently
// (https://jfly.uni-koeln.de/color/).
var curveColors = [...]string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"}

// DrawCompletion writes an SVG of completion over time: for each Curve the share of
// honest peers that have everything. A dashed line shows the earliest time at which all
// of them could have, as the first Result's BoundAll says. The axis of time ends at four
// times the bound at the latest; the legend says when the last peer had everything. A name
// of up to 20 letters fits, and seven curves have colors of their own.
func DrawCompletion(w io.Writer, title string, curves ...Curve) error {
	d := drawing{end: time.Second}
	for _, c := range curves {
		d.end = max(d.end, c.Result.Last)
	}
	if len(curves) > 0 && curves[0].Result.BoundAll < never/mostBounds {
		bound := curves[0].Result.BoundAll
		d.end = max(bound, min(d.end, mostBounds*bound))
	}
	d.step = tickStep(d.end)
	d.end = (d.end + d.end/50 + d.step - 1) / d.step * d.step
	d.frame(title)
	if len(curves) > 0 {
		d.bound(curves[0].Result.BoundAll)
	}
	for i, c := range curves {
		d.curve(i, c)
	}
	d.printf("</svg>\n")
	_, err := w.Write(d.Bytes())
	return err
}

// A drawing is an SVG in progress.
type drawing struct {
	bytes.Buffer
	end, step time.Duration // of the axis of time
}

func (d *drawing) printf(format string, args ...any) { fmt.Fprintf(&d.Buffer, format, args...) }

// tickStep returns a round time of which four to ten fit into the whole.
func tickStep(whole time.Duration) time.Duration {
	for unit := time.Second; ; unit *= 10 {
		for _, n := range []time.Duration{1, 2, 5} {
			if whole <= 8*n*unit {
				return n * unit
			}
		}
	}
}

func (d *drawing) x(t time.Duration) float64 {
	return plotLeft + float64(plotRight-plotLeft)*float64(t)/float64(d.end)
}

func (d *drawing) y(share float64) float64 { return plotBottom - float64(plotBottom-plotTop)*share }

// text writes a text; anchor is start, middle or end.
func (d *drawing) text(x, y float64, anchor, s string) {
	d.printf(`<text x="%.1f" y="%.1f" text-anchor="%s">%s</text>`+"\n", x, y, anchor, html.EscapeString(s))
}

// frame draws the background, both axes and their names.
func (d *drawing) frame(title string) {
	d.printf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="sans-serif" font-size="13" fill="#222">`+"\n",
		svgWidth, svgHeight, svgWidth, svgHeight)
	d.printf(`<rect width="%d" height="%d" fill="#fff"/>`+"\n", svgWidth, svgHeight)
	d.printf(`<text x="%d" y="28" font-size="16">%s</text>`+"\n", plotLeft, html.EscapeString(title))
	for _, percent := range []int{0, 25, 50, 75, 100} {
		y := d.y(float64(percent) / 100)
		d.printf(`<path d="M%d %.1fH%d" stroke="#ddd"/>`+"\n", plotLeft, y, plotRight)
		d.text(plotLeft-8, y+4, "end", fmt.Sprintf("%d %%", percent))
	}
	for t := time.Duration(0); t <= d.end; t += d.step {
		d.printf(`<path d="M%.1f %dv5" stroke="#888"/>`+"\n", d.x(t), plotBottom)
		d.text(d.x(t), plotBottom+20, "middle", fmt.Sprintf("%d", int(t.Seconds())))
	}
	d.text((plotLeft+plotRight)/2, svgHeight-16, "middle", "seconds; the curves show the share of honest peers that have everything")
}

// bound draws the time before which not all can have everything.
func (d *drawing) bound(t time.Duration) {
	if t > d.end {
		return
	}
	d.printf(`<path d="M%.1f %dV%d" stroke="#888" stroke-dasharray="5 4"/>`+"\n", d.x(t), plotTop, plotBottom)
	d.text(d.x(t), plotTop-8, "middle", "bound")
}

// curve draws one curve, and its line in the legend.
func (d *drawing) curve(i int, c Curve) {
	color := curveColors[i%len(curveColors)]
	var times []time.Duration
	total := 0
	for _, p := range c.Result.Peers {
		if p.Kind != Honest || p.Seed {
			continue
		}
		total++
		if p.Completed >= 0 {
			times = append(times, p.Completed)
		}
	}
	slices.Sort(times)
	d.printf(`<path fill="none" stroke="%s" stroke-width="%g" d="M%d %d`, color, curveWidth, plotLeft, plotBottom)
	for k, t := range times {
		if t > d.end {
			break
		}
		d.printf("H%.1fV%.1f", d.x(t), d.y(float64(k+1)/float64(total)))
	}
	d.printf("H%d\"/>\n", plotRight)
	y := float64(plotTop + 12 + 22*i)
	d.printf(`<path d="M%d %.1fh20" stroke="%s" stroke-width="%g"/>`+"\n", legendLeft, y-4, color, curveWidth)
	last := "not all"
	if len(times) == total && total > 0 {
		last = fmt.Sprintf("%.0f s", times[total-1].Seconds())
	}
	d.text(legendLeft+28, y, "start", c.Name+": "+last)
}
