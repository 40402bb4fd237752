package main

import (
	"slices"
	"strings"

	"github.com/shoal-bt/shoal/bench/internal/attack"
	"github.com/shoal-bt/shoal/bench/internal/processor"
	"github.com/shoal-bt/shoal/bench/internal/report"
)

// The two kinds of bounds.
const (
	atMost  = false
	atLeast = true
)

// none is the limit of a class that has no bound.
const none = -1

// limits has a limit for each class of processor, in the order of the classes:
// AVX-512; AVX2 with SHA-NI; AVX2 alone; other.
type limits [processor.Classes]float64

// every is one limit for all classes.
func every(limit float64) limits { return limits{limit, limit, limit, limit} }

// A goal is a bound for each class. What is one contender, or two whose figures are
// divided.
type goal struct {
	what   string
	metric report.Metric
	least  bool
	limits limits
}

// goals are what the project wants of Shoal, by scenario.
//
// The figures that depend on how fast the processor hashes are those of each class.
// For AVX2 alone only hashing has bounds: transfers were not measured there.
var goals = map[string][]goal{
	//                                                   AVX-512  AVX2+SHA-NI  AVX2  other
	"download": {
		{"shoal ÷ floor", report.Wall, atMost, limits{0.70, 0.80, none, none}},
		{"shoal ÷ floor", report.CPU, atMost, limits{0.70, 0.90, none, none}},
		{"shoal", report.Peak, atMost, every(100)},
		{"shoal, 256 KiB pieces ÷ shoal", report.Wall, atMost, every(1.25)},
		{"shoal, 256 KiB pieces ÷ shoal", report.CPU, atMost, every(1.25)},
		{"shoal, 256 KiB pieces", report.Peak, atMost, every(100)},
		{"shoal, 16 MiB pieces ÷ shoal", report.Wall, atMost, every(1.25)},
		{"shoal, 16 MiB pieces ÷ shoal", report.CPU, atMost, every(1.25)},
		{"shoal, 16 MiB pieces", report.Peak, atMost, every(100)},
		{"shoal, 8 peers ÷ shoal", report.Wall, atMost, every(1.25)},
		{"shoal, 8 peers ÷ shoal", report.CPU, atMost, every(1.25)},
		{"shoal, 8 peers", report.Peak, atMost, every(100)},
		{"shoal, 500 files ÷ shoal", report.Wall, atMost, every(1.25)},
		{"shoal, 500 files ÷ shoal", report.CPU, atMost, every(1.25)},
		{"shoal, 500 files", report.Peak, atMost, every(100)},
		{"shoal ÷ libtorrent", report.Rate, atLeast, limits{2.0, 2.3, none, none}},
		{"shoal ÷ libtorrent", report.CPU, atMost, limits{0.5, 0.5, none, none}},
	},
	"seed1": seedGoals,
	"seed8": seedGoals,
	"random": {
		{"shoal ÷ shoal, 8 in order", report.Rate, atLeast, every(0.7)},
		{"shoal", report.Peak, atMost, every(200)},
	},
	"recheck": {
		{"shoal, 1 ÷ libtorrent, 1", report.Rate, atLeast, limits{3.5, 3.0, none, none}},
		{"shoal, 2 ÷ libtorrent, 2", report.Rate, atLeast, limits{3.5, 3.0, none, none}},
	},
	"disk": {
		{"shoal ÷ libtorrent", report.Wall, atMost, every(1)},
		{"shoal, recheck ÷ libtorrent, recheck", report.Wall, atMost, every(1)},
	},
	"hash": {
		{"sha1, piecehash ÷ sha1, std", report.Rate, atLeast, limits{5.0, 2.0, 2.7, none}},
		{"sha256, piecehash ÷ sha256, std", report.Rate, atLeast, limits{4.0, 1.9, 2.5, none}},
	},
	"many": {
		{"shoal", report.Start, atMost, every(2)},
		{"shoal", report.RSS, atMost, every(80)},
		{"shoal", report.Idle, atMost, every(0.5)},
	},
	"idle": {
		{"shoal", report.Each, atMost, every(40)},
		{"shoal", report.Idle, atMost, every(2)},
	},
	"attack": attackGoals(),
	"tracker": {
		{"shoal, UDP ÷ opentracker, UDP", report.PerCPU, atLeast, every(1)},
		{"shoal, HTTP ÷ empty, HTTP", report.PerCPU, atLeast, every(0.7)},
	},
	"dht": {
		{"shoal, idle", report.Idle, atMost, every(0.1)},
		{"shoal, serving", report.Busy, atMost, every(5)},
		{"shoal, serving", report.Peak, atMost, every(40)},
		{"shoal, flood of one address", report.Share, atMost, every(2)},
		{"shoal, flood of 200 addresses", report.Share, atMost, every(2)},
	},
	"choose": {
		{"shoal, a call", report.Call, atMost, every(50)},
		{"shoal, a call, some not wanted", report.Call, atMost, every(50)},
		{"shoal, all each second ÷ shoal", report.Wall, atMost, every(1.05)},
		{"shoal, all each 100 ms ÷ shoal", report.Wall, atMost, every(1.05)},
	},
	"stream": streamGoals(),
	"reader": {
		{"shoal, read at 10 MiB/s ÷ shoal", report.Rate, atLeast, every(0.9)},
		{"shoal, read as fast as it comes ÷ shoal", report.Rate, atLeast, every(0.9)},
	},
	"link":  {{"shoal ÷ sink", report.Wall, atMost, every(1.05)}},
	"lossy": {{"shoal ÷ libtorrent", report.Wall, atMost, every(1.10)}},
	"magnet": {
		{"shoal, 1 MiB, 1 peer", report.Metadata, atMost, every(1.2)},
		{"shoal, 1 MiB, 5 peers, 1 slow, 1 lying", report.Metadata, atMost, every(3)},
		{"shoal, 8 KiB, 1 peer", report.First, atMost, every(4 * 2 * linkDelay.Seconds())},
	},
}

// seedGoals are those of seeding in order, which hashes nothing.
var seedGoals = []goal{
	{"shoal ÷ blast", report.Rate, atLeast, every(0.85)},
	{"shoal ÷ blast", report.Cost, atMost, every(1.25)},
	{"shoal ÷ libtorrent", report.Rate, atLeast, every(2)},
	{"shoal ÷ libtorrent", report.Cost, atMost, every(0.5)},
}

// streamGoals are the same for each number of seeders. Pieces of 4 MiB take longer, because a
// piece is read when all of it is there.
func streamGoals() (all []goal) {
	for _, seeders := range []int{1, 5} {
		for _, g := range []struct {
			pieces      int     // MiB
			first, seek float64 // seconds
		}{{1, 1.2, 0.8}, {4, 2, 1.2}} {
			in := streaming{seeders: seeders, pieces: g.pieces}
			shoal := in.name("shoal")
			all = append(all,
				goal{shoal, report.FirstMiB, atMost, every(g.first)},
				goal{shoal, report.Seek, atMost, every(g.seek)},
				goal{shoal, report.Stalls, atMost, every(0)})
			for _, rival := range []string{"libtorrent", "webtorrent"} {
				ratio := shoal + " ÷ " + in.name(rival)
				all = append(all,
					goal{ratio, report.FirstMiB, atMost, every(1)},
					goal{ratio, report.Seek, atMost, every(1)})
			}
		}
	}
	read := streaming{seeders: 1, pieces: 1}.name("shoal")
	return append(all, goal{read + " ÷ " + read + ", not read", report.Rate, atLeast, every(0.9)})
}

// attackGoals are those that the attacks name. They are the same for all classes.
func attackGoals() (all []goal) {
	for _, a := range attack.All() {
		g := goal{a.Name, report.With, a.Goal.AtLeast, every(a.Goal.Limit)}
		if a.Goal.Share {
			g.metric = report.Share
		}
		all = append(all, g)
	}
	return all
}

// boundsOf returns the bounds of a scenario for a class. Bounds that name a contender
// that is missing are left out.
func boundsOf(scenario string, class processor.Class, contenders []contender) (all []report.Bound) {
	there := func(name string) bool {
		return slices.ContainsFunc(contenders, func(c contender) bool { return c.name == name })
	}
	for _, g := range goals[scenario] {
		of, by, ratio := strings.Cut(g.what, " ÷ ")
		limit := g.limits[class]
		if limit == none || !there(of) || (ratio && !there(by)) {
			continue
		}
		all = append(all, report.Bound{
			Of:      of,
			By:      by,
			Metric:  g.metric,
			AtLeast: g.least,
			Limit:   limit,
		})
	}
	return all
}
