package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/bench/internal/processor"
	"github.com/shoal-bt/shoal/bench/internal/report"
	"github.com/shoal-bt/shoal/bench/internal/rival"
)

// TestGoalsAreOfContenders finds each contender that a goal names, if all rivals are
// there.
func TestGoalsAreOfContenders(t *testing.T) {
	r := withRivals()
	for _, s := range r.scenarios() {
		there := contendersOf(s)
		for _, g := range goals[s.Name] {
			for name := range strings.SplitSeq(g.what, " ÷ ") {
				require.Contains(t, there, name, s.Name)
			}
		}
	}
	require.Subset(t, names, slices.Collect(maps.Keys(goals)))
}

func TestBoundsFollowTheClass(t *testing.T) {
	for _, test := range []struct {
		class                             processor.Class
		wall, cpu, rate, sha1, recheck    float64 // 0 for no bound
		download, recheckBounds, hashings int     // number of bounds
	}{
		{processor.AVX512, 0.70, 0.70, 2.0, 5.0, 3.5, 17, 2, 2},
		{processor.AVX2SHA, 0.80, 0.90, 2.3, 2.0, 3.0, 17, 2, 2},
		{processor.AVX2, 0, 0, 0, 2.7, 0, 13, 0, 2},
		{processor.Other, 0, 0, 0, 0, 0, 13, 0, 0},
	} {
		r := withRivals()
		bounds := map[string][]report.Bound{}
		for _, s := range r.scenarios() {
			bounds[s.Name] = boundsOf(s.Name, test.class, s.contenders)
		}
		limit := func(scenario, of, by string, m report.Metric) float64 {
			for _, b := range bounds[scenario] {
				if b.Of == of && b.By == by && b.Metric == m {
					return b.Limit
				}
			}
			return 0
		}
		require.Equal(t, test.wall, limit("download", "shoal", "floor", report.Wall))
		require.Equal(t, test.cpu, limit("download", "shoal", "floor", report.CPU))
		require.Equal(t, test.rate, limit("download", "shoal", "libtorrent", report.Rate))
		require.Equal(t, test.recheck, limit("recheck", "shoal, 2", "libtorrent, 2", report.Rate))
		require.Equal(t, test.sha1, limit("hash", "sha1, piecehash", "sha1, std", report.Rate))
		require.Equal(t, 100.0, limit("download", "shoal, 8 peers", "", report.Peak), "the same for all")
		require.Len(t, bounds["download"], test.download)
		require.Len(t, bounds["recheck"], test.recheckBounds)
		require.Len(t, bounds["hash"], test.hashings)
	}
}

func TestRivalsAreContenders(t *testing.T) {
	for _, s := range withRivals().scenarios() {
		switch s.Name {
		case "download":
			require.Subset(t, contendersOf(s), []string{"libtorrent", "transmission", "aria2"})
		case "seed1":
			require.Equal(t, []string{"blast", "shoal", "libtorrent", "aria2"}, contendersOf(s))
		}
	}
}

func TestNoBoundByWhoIsMissing(t *testing.T) {
	r := &runner{options: options{size: 64 << 20}}
	for _, s := range r.scenarios() {
		for _, b := range s.Bounds {
			require.NotContains(t, b.By, "libtorrent", s.Name)
		}
	}
}

// withRivals returns a runner that believes that every rival is installed.
func withRivals() *runner {
	return &runner{options: options{size: 64 << 20}, libtorrent: &rival.Libtorrent{Version: "2.0.8"}, webtorrent: &rival.WebTorrent{Version: "3.0.21"}, programs: rival.Programs}
}
