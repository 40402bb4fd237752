package announcing

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

func TestAfter(t *testing.T) {
	now := time.Unix(1e9, 0)
	for _, c := range []struct {
		what          string
		next, least   time.Duration
		errors        int
		due, earliest time.Duration // from now; due is 0 for never
	}{
		{"an interval and a min interval", 30 * time.Minute, 10 * time.Minute, 0, 30 * time.Minute, 10 * time.Minute},
		{"an interval alone", 30 * time.Minute, 0, 0, 30 * time.Minute, time.Minute},
		{"a short interval", 20 * time.Second, 0, 0, 20 * time.Second, 20 * time.Second},
		{"a min interval that is longer", time.Minute, time.Hour, 0, time.Hour, time.Hour},
		{"nothing", 0, 0, 0, 0, time.Minute},
		{"a nanosecond", 1, 1, 0, time.Second, time.Second},
		{"negative ones", -5, -5, 0, 0, time.Minute},
		{"an error", 0, 0, 1, 15 * time.Second, time.Minute},
		{"the third error", 0, 0, 3, time.Minute, time.Minute},
		{"the hundredth error", 0, 0, 100, 30 * time.Minute, time.Minute},
		{"an error with a min interval", 0, 10 * time.Minute, 1, 10 * time.Minute, 10 * time.Minute},
		{"an error with an interval", 5 * time.Minute, 0, 1, 5 * time.Minute, time.Minute},
	} {
		due, earliest := After(now, swarm.Answer{Next: c.next, Min: c.least}, c.errors)
		if c.due == 0 {
			require.True(t, due.IsZero(), c.what)
		} else {
			require.Equal(t, c.due, due.Sub(now), c.what)
		}
		require.Equal(t, c.earliest, earliest.Sub(now), c.what)
	}
}
