package dhtsim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A small DHT in which a fifth of the nodes has just fallen silent and some lie. The
// command dhtsim simulates a large one.
func TestSimulate(t *testing.T) {
	c := Config{Seed: 1, Nodes: 300, Lookups: 60}
	r := Simulate(c)
	require.GreaterOrEqual(t, r.Exact, 57)
	require.Equal(t, 60, r.Found)
	require.Positive(t, r.First)
	require.LessOrEqual(t, r.First, time.Second)
	require.LessOrEqual(t, r.First99, 4*time.Second)
	require.Less(t, r.Asked, 40.0)
	require.Equal(t, r, Simulate(c), "the same seed gives the same DHT")
}

// Without the rules for liars more of the nearest nodes are missed.
func TestRulesMatter(t *testing.T) {
	c := Config{Seed: 2, Nodes: 300, Lookups: 60, Silent: -1, Hostile: 0.15}
	with := Simulate(c)
	c.Tuning.Trust = true
	without := Simulate(c)
	require.Less(t, with.Missed, without.Missed)
}

// The numbers of other programs work here, too, and do no better.
func TestTunings(t *testing.T) {
	ours := Simulate(Config{Seed: 3, Nodes: 150, Lookups: 30})
	for name, tuning := range Tunings {
		r := Simulate(Config{Seed: 3, Nodes: 150, Lookups: 30, Tuning: tuning})
		require.Equal(t, 30, r.Found, name)
		require.LessOrEqual(t, r.Exact, ours.Exact, name)
		require.Greater(t, r.Whole, ours.Whole, name)
	}
}
