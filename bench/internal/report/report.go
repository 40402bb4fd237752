package report

import (
	"encoding/json"
	"io"
	"slices"
	"time"
)

// A Metric is what a number says. Its text is a heading, with the unit.
type Metric string

// The metrics, in the order in which tables show them.
const (
	Start Metric = "start s"    // until everything is there
	Wall  Metric = "wall s"     // of the work
	CPU   Metric = "CPU s"      // of all threads during the work, in the kernel too
	Rate  Metric = "MiB/s"      // payload by wall time
	Cost  Metric = "CPU s/GiB"  // CPU time by payload
	RSS   Metric = "RSS MiB"    // resident memory at the end
	Peak  Metric = "peak MiB"   // the most resident memory
	Each  Metric = "KiB each"   // resident memory by torrent or connection
	Idle  Metric = "idle CPU %" // of one core while nothing happens
	Busy  Metric = "CPU %"      // of one core during the work

	Queries Metric = "queries/s"     // that a flood really sent
	Answers Metric = "answers/s"     // by wall time
	PerCPU  Metric = "answers/CPU s" // by CPU time of the one who answers
	Lost    Metric = "lost %"        // of what was asked and not answered in time

	Metadata Metric = "metadata s"   // from the first SYN until the metadata of a link is here
	First    Metric = "first byte s" // from a peer's handshake until the first byte of a block

	FirstMiB Metric = "first MiB s"     // from the call that adds a torrent until it can be read
	Seek     Metric = "seek s"          // until a MiB can be read
	Stalls   Metric = "stalls"          // of playback
	Stalled  Metric = "stalled s"       // in all
	Longest  Metric = "longest stall s" // of them
	Read     Metric = "read MiB/s"      // by one who reads while it is downloaded

	Call    Metric = "call ms"   // of the slowest call
	Changes Metric = "changes/s" // of priorities of files, by wall time

	Without Metric = "without" // a figure without attackers, in the unit that the row names
	With    Metric = "with"    // and with them
	Share   Metric = "÷"       // the second by the first
	Load    Metric = "CPU ÷"   // CPU time with attackers by that without
	Ended   Metric = "ended"   // connections of attackers
)

var metrics = []Metric{
	Start, Wall, CPU, Rate, Cost, RSS, Peak, Each, Idle, Busy, Queries, Answers, PerCPU, Lost, Metadata, First, FirstMiB,
	Seek, Stalls, Stalled, Longest, Read, Call, Changes, Without, With, Share, Load, Ended,
}

// Values are the figures of one run.
type Values map[Metric]float64

// A Row is one contender of a scenario.
type Row struct {
	Name   string   `json:"name"`
	Runs   []Values `json:"runs"`
	Median Values   `json:"median"`
}

// A Bound is what a figure of one contender should be, alone or by that of another.
type Bound struct {
	Of       string  `json:"of"`           // the contender
	By       string  `json:"by,omitempty"` // the one to divide by; empty for none
	Metric   Metric  `json:"metric"`
	AtLeast  bool    `json:"at_least"` // else at most
	Limit    float64 `json:"limit"`
	Known    bool    `json:"known"` // it was measured
	Measured float64 `json:"measured"`
}

// Met reports whether what was measured is within the bound.
func (b Bound) Met() bool {
	if b.AtLeast {
		return b.Known && b.Measured >= b.Limit
	}
	return b.Known && b.Measured <= b.Limit
}

// A Scenario is one comparison: contenders that took turns.
type Scenario struct {
	Name   string   `json:"name"`
	Title  string   `json:"title"`
	Note   string   `json:"note,omitempty"` // what else to know
	Rows   []Row    `json:"rows"`
	Bounds []Bound  `json:"bounds"`
	Errors []string `json:"errors,omitempty"`
}

// Add adds one run of a contender.
func (s *Scenario) Add(contender string, v Values) {
	for i := range s.Rows {
		if s.Rows[i].Name == contender {
			s.Rows[i].Runs = append(s.Rows[i].Runs, v)
			return
		}
	}
	s.Rows = append(s.Rows, Row{Name: contender, Runs: []Values{v}})
}

// Sum works out medians and what became of the bounds.
func (s *Scenario) Sum() {
	for i := range s.Rows {
		s.Rows[i].Median = medians(s.Rows[i].Runs)
	}
	for i := range s.Bounds {
		b := &s.Bounds[i]
		b.Measured, b.Known = s.value(b.Of, b.Metric)
		if b.By != "" && b.Known {
			by, ok := s.value(b.By, b.Metric)
			if b.Known = ok && by > 0; b.Known {
				b.Measured /= by
			}
		}
		if !b.Known {
			b.Measured = 0
		}
	}
}

// value returns a contender's median.
func (s *Scenario) value(contender string, m Metric) (float64, bool) {
	for _, r := range s.Rows {
		if r.Name == contender {
			x, ok := r.Median[m]
			return x, ok
		}
	}
	return 0, false
}

// medians returns the median of each metric.
func medians(runs []Values) Values {
	med := Values{}
	for _, m := range metrics {
		var all []float64
		for _, v := range runs {
			if x, ok := v[m]; ok {
				all = append(all, x)
			}
		}
		if n := len(all); n > 0 {
			slices.Sort(all)
			med[m] = (all[(n-1)/2] + all[n/2]) / 2
		}
	}
	return med
}

// A Report is everything that one run of the command measured.
type Report struct {
	Time      time.Time  `json:"time"`
	Machine   string     `json:"machine"`
	Class     string     `json:"class,omitempty"` // of the processor: "AVX2 with SHA-NI"
	Go        string     `json:"go"`
	Rivals    []string   `json:"rivals,omitempty"` // that are installed, with their versions
	Size      int64      `json:"size"`             // of the content, in bytes
	Rounds    int        `json:"rounds"`
	Scenarios []Scenario `json:"scenarios"`
}

// JSON writes every run.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "\t")
	return e.Encode(r)
}
