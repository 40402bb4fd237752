package engine

import (
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

const (
	firstQueue  = 16                     // requests to a peer that we know nothing of
	unsaidReqq  = 500                    // requests that a peer takes if it does not say (BEP 10)
	stallCover  = 250 * time.Millisecond // of sending that requests cover, besides two round trips
	leastWait   = 2 * time.Second        // before a request is late
	rateWindow  = 100 * time.Millisecond // the least time a rate is taken over
	firstWindow = 20 * time.Millisecond  // the same, for the first
	roundTripUp = time.Minute            // how long the least round trip is believed
)

// pace decides how many blocks to ask of a peer, and when they are late.
//
// The queue follows rate × (2 × least round trip + stallCover). It grows by one
// with each block, so it doubles each round trip as slow start does; while it
// grows the bound stays ahead of it, for a queue of n gives a rate of at least
// n/2 a round trip. The least round trip is used and not the mean, for the mean
// grows with the queue itself.
type pace struct {
	queue       int     // blocks to have asked for
	limit       int     // of the peer, reqq
	rate        float64 // bytes per second
	windowStart time.Time
	windowBytes int64 // since from
	minTrip     time.Duration
	minTripAt   time.Time
	meanTrip    time.Duration // of round trips
	tripDev     time.Duration // mean deviation
	snubbed     bool          // nothing comes: ask for no more
	queueBefore int           // queue before the snub
}

func newPace() pace { return pace{queue: firstQueue, limit: unsaidReqq} }

// room returns how many blocks may be asked for besides the open ones.
func (c *pace) room(open int) int {
	if c.snubbed {
		return max(0, 1-open)
	}
	return min(c.queue, c.limit) - open
}

// arrived notes a block of n bytes that took trip from request to arrival; zero
// if that is not known.
func (c *pace) arrived(now time.Time, n int, trip time.Duration) {
	c.recover()
	if trip > 0 {
		c.sample(now, trip)
	}
	if c.windowStart.IsZero() {
		c.windowStart = now
	}
	c.windowBytes += int64(n)
	window := rateWindow
	if c.rate == 0 {
		window = firstWindow
	}
	if d := now.Sub(c.windowStart); d >= max(window, c.minTrip) {
		r := float64(c.windowBytes) / d.Seconds()
		if r < c.rate {
			r = 0.7*c.rate + 0.3*r
		}
		c.rate, c.windowStart, c.windowBytes = r, now, 0
	}
	switch bound := c.bound(); {
	case c.queue < bound:
		c.queue++
	case c.queue > bound:
		c.queue--
	}
}

// bound returns how long the queue may grow at the present rate.
func (c *pace) bound() int {
	if c.rate == 0 {
		return firstQueue * 4 // no rate was taken yet
	}
	cover := (2*c.minTrip + stallCover).Seconds()
	return max(firstQueue, int(c.rate*cover/swarm.BlockLen))
}

// sample takes a round trip into the means, with gain 1/8 and 1/4 (RFC 6298).
func (c *pace) sample(now time.Time, trip time.Duration) {
	if c.meanTrip == 0 {
		c.meanTrip, c.tripDev, c.minTrip, c.minTripAt = trip, trip/2, trip, now
		return
	}
	c.tripDev += (max(c.meanTrip-trip, trip-c.meanTrip) - c.tripDev) / 4
	c.meanTrip += (trip - c.meanTrip) / 8
	if trip < c.minTrip {
		c.minTrip, c.minTripAt = trip, now
	} else if now.Sub(c.minTripAt) > roundTripUp {
		// Paths change; but the trips of a full queue must not lengthen it.
		c.minTrip, c.minTripAt = min(trip, c.minTrip+c.minTrip/8+time.Millisecond), now
	}
}

// late returns how long to wait for a block before it is late.
func (c *pace) timeout() time.Duration {
	if c.meanTrip == 0 {
		return 10 * time.Second
	}
	return max(leastWait, c.meanTrip+4*c.tripDev)
}

// stalled says that blocks are late.
func (c *pace) stalled() {
	if !c.snubbed {
		c.snubbed, c.queueBefore = true, c.queue
	}
}

// recover says that a block came: the queue is half of what it was.
func (c *pace) recover() {
	if c.snubbed {
		c.snubbed, c.queue = false, max(firstQueue, c.queueBefore/2)
		c.windowStart, c.windowBytes = time.Time{}, 0
	}
}
