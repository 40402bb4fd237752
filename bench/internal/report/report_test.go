package report

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// sample is a report with a bound of each outcome.
func sample() *Report {
	s := Scenario{Name: "download", Title: "Download", Note: "A note.", Errors: []string{"rain, round 1: fell"}, Bounds: []Bound{
		{Of: "shoal", By: "floor", Metric: Wall, Limit: 0.7},
		{Of: "shoal", By: "floor", Metric: Rate, Limit: 2, AtLeast: true},
		{Of: "shoal", Metric: Peak, Limit: 100},
		{Of: "shoal", By: "rain", Metric: Wall, Limit: 1},
		{Of: "shoal", Metric: Idle, Limit: 1},
	}}
	for _, wall := range []float64{4, 2, 100} {
		s.Add("floor", Values{Wall: wall, Rate: 1000, Cost: 2})
	}
	s.Add("shoal", Values{Wall: 1, Rate: 1900, Cost: 1, Peak: 120, Idle: 0})
	s.Add("shoal", Values{Wall: 3, Rate: 1900, Cost: 1, Peak: 120, Idle: 0})
	s.Sum()
	return &Report{Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Machine: "2 cores", Class: "AVX2 with SHA-NI", Go: "go1.26", Rivals: []string{"rain 2.3", "aria2 1.36"}, Size: 2 << 30, Rounds: 3, Scenarios: []Scenario{s}}
}

func TestSum(t *testing.T) {
	s := sample().Scenarios[0]
	require.Equal(t, 4.0, s.Rows[0].Median[Wall], "the middle one")
	require.Equal(t, 2.0, s.Rows[1].Median[Wall], "between the middle ones")
	require.NotContains(t, s.Rows[0].Median, Peak)
	for i, want := range []struct {
		known, met bool
		measured   float64
	}{{true, true, 0.5}, {true, false, 1.9}, {true, false, 120}, {false, false, 0}, {true, true, 0}} {
		b := s.Bounds[i]
		require.Equal(t, want.known, b.Known, i)
		require.Equal(t, want.met, b.Met(), i)
		require.InDelta(t, want.measured, b.Measured, 1e-9, i)
	}
}

func TestMarkdown(t *testing.T) {
	var b strings.Builder
	require.NoError(t, sample().Markdown(&b))
	require.Equal(t, `2 cores; class: AVX2 with SHA-NI; go1.26; rain 2.3, aria2 1.36; 2026-01-02. Content of 2 GiB, rounds: 3, medians.

### Download

A note.

| | wall s | MiB/s | CPU s/GiB | peak MiB | idle CPU % |
|---|---:|---:|---:|---:|---:|
| floor | 4.00 | 1000 | 2.00 | – | – |
| shoal | 2.00 | 1900 | 1.00 | 120 | 0.00 |

| bound | wanted | measured | |
|---|---:|---:|---|
| shoal ÷ floor: wall s | ≤ 0.70 × | 0.50 × | met |
| shoal ÷ floor: MiB/s | ≥ 2.00 × | 1.90 × | **missed** |
| shoal: peak MiB | ≤ 100 | 120 | **missed** |
| shoal ÷ rain: wall s | ≤ 1.00 × | – | not measured |
| shoal: idle CPU % | ≤ 1.00 | 0.00 | met |

Error: rain, round 1: fell
`, b.String())
}

func TestJSONHasEveryRun(t *testing.T) {
	var b strings.Builder
	require.NoError(t, sample().JSON(&b))
	var back Report
	require.NoError(t, json.Unmarshal([]byte(b.String()), &back))
	require.Equal(t, sample(), &back)
}

func TestPlotIsWellFormed(t *testing.T) {
	groups := []Group{
		{Title: "Down & out", Scenario: "download", Contenders: []string{"floor", "shoal", "rain"}},
		{Title: "Nothing", Scenario: "nothing", Contenders: []string{"shoal"}},
	}
	r := sample()
	require.True(t, Plots(groups, r))
	require.False(t, Plots(groups[1:], r))
	var b strings.Builder
	require.NoError(t, Plot(&b, groups, r))
	d := xml.NewDecoder(strings.NewReader(b.String()))
	bars := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "rect" {
			bars++
		}
	}
	require.Equal(t, 4, bars)
	require.Contains(t, b.String(), "Down &amp; out")
	require.NotContains(t, b.String(), "Nothing")
}

// TestPlotHasOneScale draws groups of two reports: the longest bar of a column is
// that of the highest figure, whichever group it is in.
func TestPlotHasOneScale(t *testing.T) {
	fast, slow := sample(), sample()
	fast.Class, slow.Class = "fast hashes", "slow hashes"
	fast.Scenarios[0].Rows = fast.Scenarios[0].Rows[:2]
	seed := Scenario{Name: "seed"}
	seed.Add("blast", Values{Rate: 3800, Cost: 0.5})
	seed.Sum()
	slow.Scenarios = append(slow.Scenarios, seed)
	var b strings.Builder
	require.NoError(t, Plot(&b, []Group{
		{Title: "Down", Scenario: "download", Contenders: []string{"floor", "shoal"}},
		{Title: "Up", Scenario: "seed", Contenders: []string{"blast"}},
	}, fast, slow))
	text := b.String()
	require.Contains(t, text, ">Down (fast hashes)<")
	require.Contains(t, text, ">Up (slow hashes)<")
	require.Equal(t, 2, strings.Count(text, ">plain Go<"), "floor and blast")
	var widths []int
	for _, m := range regexp.MustCompile(`<rect [^>]* width="(\d+)"`).FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(m[1])
		require.NoError(t, err)
		widths = append(widths, n)
	}
	longest := (plotWidth-2*plotMargin-labelWidth)/2 - panelGap
	// Rate and cost of floor, of shoal, and of blast.
	require.Equal(t, []int{longest * 1000 / 3800, longest, longest / 2, longest / 2, longest, longest / 4}, widths)
}

func TestLine(t *testing.T) {
	require.Equal(t, "x:  wall s 1.00  CPU s 12.3", Line("x", Values{CPU: 12.34, Wall: 1}))
}
