package pacing

import (
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// line is a peer that sends blocks at a rate, each a round trip after it was asked
// for at the earliest. It returns the pace after a while, and the bytes that came.
func line(c *Pace, rate float64, trip, d time.Duration) int64 {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	end := now.Add(d)
	each := time.Duration(swarm.BlockLen / rate * float64(time.Second))
	var asked []time.Time
	var free time.Time // when the line is
	var bytes int64
	for now.Before(end) {
		for c.Room(len(asked), c.Target()) > 0 {
			asked = append(asked, now)
		}
		ready := asked[0].Add(trip)
		if ready.Before(free) {
			ready = free
		}
		now = ready
		free = now.Add(each)
		c.Arrived(now, swarm.BlockLen, now.Sub(asked[0]))
		asked = asked[1:]
		bytes += swarm.BlockLen
	}
	return bytes
}

func TestQueueFillsTheLine(t *testing.T) {
	for _, test := range []struct {
		rate float64 // bytes per second
		trip time.Duration
	}{
		{20e3, 20 * time.Millisecond},
		{1e6, 20 * time.Millisecond},
		{10e6, 100 * time.Millisecond},
		{100e6, 200 * time.Millisecond},
	} {
		c := New()
		c.SetLimit(1 << 16)
		line(&c, test.rate, test.trip, 10*time.Second)
		bytes := line(&c, test.rate, test.trip, 5*time.Second)
		require.Greater(t, float64(bytes), 0.9*test.rate*5, "%+v: queue %d", test, c.queue)
		cover := test.rate * (3*test.trip + 2*QueueTime).Seconds() / swarm.BlockLen
		require.LessOrEqual(t, c.queue, max(4*firstQueue, int(cover)), "%+v: no more than the line needs", test)
	}
}

func TestQueueKeepsToTheLimitOfThePeer(t *testing.T) {
	for _, limit := range []int{1, 2, 7, 31} {
		c := New()
		c.SetLimit(limit)
		line(&c, 1e7, 100*time.Millisecond, 5*time.Second)
		require.LessOrEqual(t, c.Room(0, c.Target()), limit)
		require.Positive(t, c.Room(0, c.Target()))
		require.LessOrEqual(t, c.Room(limit, c.Target()), 0)
	}
}

func TestLateIsMeanAndFourDeviations(t *testing.T) {
	c := New()
	require.Equal(t, 10*time.Second, c.Timeout(), "nothing is known yet")
	require.Equal(t, 10*time.Second, c.Expected(), "nor does the peer count as fast")
	now := time.Now()
	for range 100 {
		now = now.Add(100 * time.Millisecond)
		c.Arrived(now, swarm.BlockLen, 100*time.Millisecond)
	}
	require.Equal(t, minTimeout, c.Timeout(), "two seconds at least")
	require.Equal(t, 100*time.Millisecond, c.Expected())
	for i := range 100 {
		now = now.Add(time.Second)
		c.Arrived(now, swarm.BlockLen, time.Duration(1+4*(i%2))*time.Second)
	}
	require.InDelta(t, 11, c.Timeout().Seconds(), 2)
}

func TestStalledPeerIsAskedForOneBlock(t *testing.T) {
	c := New()
	line(&c, 1e7, 100*time.Millisecond, 5*time.Second)
	queue := c.queue
	c.Stalled()
	c.Stalled()
	require.Equal(t, 1, c.Room(0, c.Target()))
	require.Zero(t, c.Room(1, c.Target()))
	c.Arrived(time.Now(), swarm.BlockLen, 0)
	require.InDelta(t, queue/2, c.queue, 1, "half of it when a block comes")
}
