package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/swarmsim"
)

// A row is one swarm that ran.
type row struct {
	Scenario, Picker, Choker string
	Slots                    int     // as in scenario.Options
	Seconds                  float64 // that the simulation took
	Result                   *swarmsim.Result
}

// columns are the widths and names of the table's columns; a negative width means that
// the column is flush left.
var columns = []struct {
	width int
	name  string
}{
	{-10, "scenario"}, {4, "seed"}, {8, "slots"}, {10, "picker"}, {9, "choker"}, {6, "bound"}, {6, "first"},
	{6, "median"}, {6, "last"}, {10, "last/bound"}, {6, "mean"}, {10, "incomplete"}, {9, "wasted MB"}, {5, "bans"},
	{8, "fairness"}, {6, "copies"}, {9, "seed done"}, {5, "took"},
}

func printLine(w io.Writer, cells []string) {
	for i, c := range columns {
		fmt.Fprintf(w, "%*s", c.width, cells[i])
		if i < len(columns)-1 {
			fmt.Fprint(w, "  ")
		}
	}
	fmt.Fprintln(w)
}

func printHeader(w io.Writer) {
	var names []string
	for _, c := range columns {
		names = append(names, c.name)
	}
	printLine(w, names)
}

// print writes the row's line of the table.
func (r row) print(w io.Writer) {
	x := r.Result
	copies, done := "-", "never"
	if len(x.Seeds) > 0 && x.Seeds[0].LastLeft > 0 {
		copies, done = decimals(x.Seeds[0].CopiesThen, 2), inSeconds(x.Seeds[0].LastLeft)
	}
	printLine(w, []string{
		r.Scenario, strconv.FormatUint(x.Seed, 10), r.slotsText(), r.Picker, r.Choker, inSeconds(x.BoundAll), inSeconds(x.First),
		inSeconds(x.Median), inSeconds(x.Last), ratio(x), inSeconds(x.Mean), strconv.Itoa(x.Incomplete), decimals(float64(x.Wasted)/1e6, 1), strconv.Itoa(x.Bans),
		decimals(x.Fairness, 3), copies, done, decimals(r.Seconds, 1),
	})
}

// ratio returns how much longer the last peer took than is possible.
func ratio(r *swarmsim.Result) string {
	if r.Incomplete > 0 || r.BoundAll == 0 {
		return "-"
	}
	return decimals(r.Last.Seconds()/r.BoundAll.Seconds(), 2)
}

func inSeconds(d time.Duration) string {
	if d < 0 || d == math.MaxInt64 {
		return "never"
	}
	return decimals(d.Seconds(), 1)
}

func decimals(x float64, n int) string { return strconv.FormatFloat(x, 'f', n, 64) }

// slotsText returns the number of slots in words.
func (r row) slotsText() string {
	switch {
	case r.Slots == 0:
		return "default"
	case r.Slots < 0:
		return "no limit"
	}
	return strconv.Itoa(r.Slots)
}

// names returns what tells each row from the others.
func names(rows []row) []string {
	parts := make([][5]string, len(rows))
	for i, r := range rows {
		parts[i] = [...]string{r.Scenario, "seed " + strconv.FormatUint(r.Result.Seed, 10), r.slotsText() + " slots", r.Picker, r.Choker}
	}
	all := make([]string, len(rows))
	for i, p := range parts {
		var differing []string
		for k := range p {
			if slices.ContainsFunc(parts, func(o [5]string) bool { return o[k] != p[k] }) {
				differing = append(differing, p[k])
			}
		}
		all[i] = cmp.Or(strings.Join(differing, ", "), p[0])
	}
	return all
}
