// Package pacing decides how many blocks to request from a peer and when they are
// late.
//
// In come the arrivals of blocks, with the time from request to arrival; out come the
// length of the request queue ([Pace.Room]), the rate, and how long to wait for a
// block ([Pace.Timeout]). A [Pace] is a value that one goroutine owns. It reads no
// clock: each call that needs the time is given it.
package pacing

import (
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

const (
	firstQueue   = 16                     // requests to a peer of which nothing is known yet
	defaultReqq  = 250                    // requests that a peer takes if it does not say (https://www.bittorrent.org/beps/bep_0010.html, "reqq")
	minTimeout   = 2 * time.Second        // before a block is late
	firstTimeout = 10 * time.Second       // the same, of a peer that has sent none
	rateWindow   = 100 * time.Millisecond // the least time over which a rate is measured
	firstWindow  = 20 * time.Millisecond  // the same, for the first rate
	minTripAge   = time.Minute            // how long the least round trip is believed

	// QueueTime is how much receiving the request queue covers, in addition to two
	// round trips.
	QueueTime = 250 * time.Millisecond
)

// A Pace is how fast one peer sends.
//
// The queue follows rate × (2 × least round trip + QueueTime). It grows by one with
// each block, so it doubles each round trip as TCP's slow start does. While it grows
// the bound stays ahead of it, because a queue of n gives a rate of at least n/2 a
// round trip. The least round trip counts and not the mean, because the mean grows
// with the queue itself.
type Pace struct {
	queue       int     // blocks to have requested
	limit       int     // what the peer takes, reqq
	rate        float64 // bytes per second
	windowStart time.Time
	windowBytes int64   // since windowStart
	meanRate    float64 // bytes per second; rate follows bursts
	blocks      int     // that came
	flat        int     // measured rates that were not much higher than the mean
	minTrip     time.Duration
	minTripAt   time.Time
	meanTrip    time.Duration
	tripDev     time.Duration // mean deviation
	snubbed     bool          // nothing comes, so no more is requested
	queueBefore int           // the queue before the peer was snubbed
}

// New returns the Pace of a peer of which nothing is known.
func New() Pace { return Pace{queue: firstQueue, limit: defaultReqq} }

// SetLimit sets the number of requests that the peer takes, which is 1 or more.
func (c *Pace) SetLimit(reqq int) { c.limit = reqq }

// Room returns how many blocks may be requested in addition to the open requests, to have as many
// open as target, which is Target or NearTarget.
func (c *Pace) Room(open, target int) int {
	if c.snubbed {
		return max(0, 1-open)
	}
	return target - open
}

// Target returns the number of requests to have open.
func (c *Pace) Target() int { return min(c.queue, c.limit) }

// Queue returns the number of requests that the rate asks for, whatever the peer takes.
func (c *Pace) Queue() int { return c.queue }

// Rate returns the rate at which blocks arrive, in bytes per second.
func (c *Pace) Rate() float64 { return c.rate }

// RoundTrip returns the mean time from request to arrival; zero if it is not known.
func (c *Pace) RoundTrip() time.Duration { return c.meanTrip }

// Expected returns how long a block that is requested now should take to arrive. Of a peer that
// has sent none, that is the time after which it is late: a peer that says what it has and
// never sends it must not count as faster than those that send.
func (c *Pace) Expected() time.Duration {
	if c.meanTrip == 0 {
		return firstTimeout
	}
	return c.meanTrip
}

// Snubbed reports whether the peer's blocks are overdue.
func (c *Pace) Snubbed() bool { return c.snubbed }

// Arrived counts a block of n bytes that took trip from request to arrival; zero if
// that is not known.
func (c *Pace) Arrived(now time.Time, n int, trip time.Duration) {
	c.recover()
	c.blocks++
	if trip > 0 {
		c.sample(now, trip)
	}
	c.measure(now, n)
	switch bound := c.bound(); {
	case c.queue < bound:
		c.queue++
	case c.queue > bound:
		c.queue--
	}
}

// measure counts n bytes into the rate, which falls slower than it rises.
func (c *Pace) measure(now time.Time, n int) {
	if c.windowStart.IsZero() {
		c.windowStart = now
	}
	c.windowBytes += int64(n)
	window := rateWindow
	if c.rate == 0 {
		window = firstWindow
	}
	d := now.Sub(c.windowStart)
	if d < max(window, c.minTrip) {
		return
	}
	r := float64(c.windowBytes) / d.Seconds()
	c.measureMean(r, d)
	if r < c.rate {
		r = 0.7*c.rate + 0.3*r
	}
	c.rate, c.windowStart, c.windowBytes = r, now, 0
}

// bound returns how long the queue may grow at the present rate.
func (c *Pace) bound() int {
	if c.rate == 0 {
		return firstQueue * 4 // no rate was measured yet
	}
	cover := (2*c.minTrip + QueueTime).Seconds()
	return max(firstQueue, int(c.rate*cover/swarm.BlockLen))
}

// sample counts a round trip into the means, with gain 1/8 and 1/4
// (https://www.rfc-editor.org/rfc/rfc6298, section 2).
func (c *Pace) sample(now time.Time, trip time.Duration) {
	if c.meanTrip == 0 {
		c.meanTrip, c.tripDev, c.minTrip, c.minTripAt = trip, trip/2, trip, now
		return
	}
	c.tripDev += (max(c.meanTrip-trip, trip-c.meanTrip) - c.tripDev) / 4
	c.meanTrip += (trip - c.meanTrip) / 8
	if trip < c.minTrip {
		c.minTrip, c.minTripAt = trip, now
	} else if now.Sub(c.minTripAt) > minTripAge {
		// Paths change; but the round trips of a full queue must not lengthen it.
		c.minTrip, c.minTripAt = min(trip, c.minTrip+c.minTrip/8+time.Millisecond), now
	}
}

// Timeout returns how long to wait for a block before it is late.
func (c *Pace) Timeout() time.Duration {
	if c.meanTrip == 0 {
		return firstTimeout
	}
	return max(minTimeout, c.meanTrip+4*c.tripDev)
}

// Stalled says that blocks are late: the peer is snubbed until one comes.
func (c *Pace) Stalled() {
	if !c.snubbed {
		c.snubbed, c.queueBefore = true, c.queue
	}
}

// recover ends a snub, because a block came: the queue is half of what it was.
func (c *Pace) recover() {
	if c.snubbed {
		c.snubbed, c.queue = false, max(firstQueue, c.queueBefore/2)
		c.windowStart, c.windowBytes = time.Time{}, 0
	}
}
