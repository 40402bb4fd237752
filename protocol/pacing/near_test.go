package pacing

import (
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// While nothing is known, a peer that is alone is asked for the first MiB, and others for a part.
func TestNearTargetAtFirst(t *testing.T) {
	c := New()
	for senders, want := range map[int]int{1: 64, 2: 16, 5: 6, 8: 4, 500: 4} {
		require.Equal(t, want, c.NearTarget(senders, false, false))
	}
	require.Equal(t, fewNear, c.NearTarget(1, true, false))
	require.Equal(t, 1, c.NearTarget(5, true, false))
	c.SetLimit(3)
	require.Equal(t, 3, c.NearTarget(1, false, false))
	require.Equal(t, 3, c.NearTarget(1, true, false))
}

// While a deadline is near the queue holds what comes in two round trips, and not much less.
func TestNearTargetHoldsTwoRoundTrips(t *testing.T) {
	for _, test := range []struct {
		rate float64 // bytes per second
		trip time.Duration
		want int // blocks
	}{
		{200 << 10, 100 * time.Millisecond, fewNear},
		{3e6, 100 * time.Millisecond, 36},
		{12.5e6, 100 * time.Millisecond, 152},
		{100e6, time.Millisecond, 122},
	} {
		c := New()
		c.SetLimit(1 << 16)
		line(&c, test.rate, test.trip, 10*time.Second)
		require.InEpsilon(t, test.want, c.NearTarget(1, false, false), 0.15, "%+v", test)
		require.Equal(t, c.NearTarget(1, false, false), c.NearTarget(9, false, false))
	}
}

// While the rate doubles with each round trip, the queue holds what that brings.
func TestNearTargetWhileTheRateRises(t *testing.T) {
	c := New()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	const trip = 100 * time.Millisecond
	for round := range 7 {
		for k := range 1 << round {
			c.Arrived(now.Add(time.Duration(k)*trip/(1<<round)), swarm.BlockLen, trip)
		}
		now = now.Add(trip)
		require.GreaterOrEqual(t, c.NearTarget(1, false, false), 2<<round, "round %d", round)
	}
}

func TestArrival(t *testing.T) {
	c := New()
	first, each := c.Arrival(3, 0)
	require.Equal(t, firstTimeout, first)
	require.Zero(t, each)
	line(&c, 1<<20, 50*time.Millisecond, 10*time.Second)
	const block = time.Second / 64
	first, each = c.Arrival(0, 0)
	require.InEpsilon(t, c.minTrip, first, 0.01, "as soon as it answers")
	require.InEpsilon(t, block, each, 0.05)
	first, _ = c.Arrival(32, 0)
	require.InEpsilon(t, 32*block, first, 0.05, "behind what is open")
	first, _ = c.Arrival(32, time.Second)
	require.InEpsilon(t, 32*block+time.Second, first, 0.05, "it has stalled")
}

// While somebody reads, the queue follows the mean rate and not its bursts. It is as long as ever while
// the rate is not known or rises.
func TestReadingTarget(t *testing.T) {
	c := New()
	require.Equal(t, c.Target(), c.ReadingTarget())
	c.SetLimit(1 << 16)
	line(&c, 3e6, 100*time.Millisecond, 10*time.Second)
	require.InEpsilon(t, 3e6*0.3/swarm.BlockLen, c.ReadingTarget(), 0.1)
	c.rate, c.queue = 4*c.rate, 4*c.queue
	require.InEpsilon(t, 3e6*0.3/swarm.BlockLen, c.ReadingTarget(), 0.1, "after a burst")
	c.meanRate = 1
	require.Equal(t, fewNear, c.ReadingTarget())
	c.SetLimit(2)
	require.Equal(t, 2, c.ReadingTarget())
}

// What comes in the next round trip is on the way: to cancel it would be too late.
func TestOnTheWay(t *testing.T) {
	c := New()
	require.Zero(t, c.OnTheWay())
	line(&c, 3e6, 100*time.Millisecond, 10*time.Second)
	require.InEpsilon(t, 3e5/swarm.BlockLen, c.OnTheWay(), 0.1)
}

// If round trips become much longer than the least one, the rate falls, and recovers when something is
// long overdue.
func TestNearTargetWhenRoundTripsBecomeLonger(t *testing.T) {
	c := New()
	line(&c, 10e6, 2*time.Millisecond, 10*time.Second)
	now := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	const trip = 80 * time.Millisecond
	runFor := func(trips int, isOverdue bool) {
		for range trips {
			n := c.NearTarget(1, false, isOverdue)
			for k := range n {
				c.Arrived(now.Add(time.Duration(k)*trip/time.Duration(n)), swarm.BlockLen, trip)
			}
			now = now.Add(trip)
		}
	}
	runFor(50, false)
	require.Equal(t, fewNear, c.NearTarget(1, false, false))
	runFor(50, true)
	require.Greater(t, c.meanRate, 10e6)
}
