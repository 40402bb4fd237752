package pacing

import (
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

const (
	// nearQueue is how many blocks are requested, of all peers together, while nothing is known
	// of any: a MiB. As many are on their way before the first of them has come.
	nearQueue = 64

	// fewNear is the least number of requests to a peer while a deadline is near.
	fewNear = 4

	// The rate counts as rising, as that of a new TCP connection does, until it was twice not rising
	// times the mean: once may be chance, because few blocks come at first.
	rising  = 1.6
	maxFlat = 2

	// meanTime is the time over which the mean rate is taken.
	meanTime = 200 * time.Millisecond

	// readingTime is as QueueTime, while somebody reads and no deadline is near.
	readingTime = 100 * time.Millisecond

	// leastCover is the least time that a queue covers while a deadline is near. A program
	// does not answer sooner than it gets a processor.
	leastCover = 20 * time.Millisecond
)

// NearTarget returns the number of requests to have open while a deadline is near: no more than
// come in two round trips, because what is needed soonest waits behind them. senders is the number
// of peers that may send, 1 or more. While nothing is known of this one, it gets its share of the
// first MiB, and one more for each block that it sent; so also while its rate doubles with each
// round trip, as that of a new TCP connection does. A peer that chokes us sends only what it allows,
// which is hardly what is needed: a few blocks of that say how fast it is. If a deadline is long
// overdue, the queue may hold QueueTime more, because the round trips may have become longer than the
// least of them was; then a short queue gives a low rate, and that an even shorter queue.
func (c *Pace) NearTarget(senders int, isChoking, isOverdue bool) int {
	if isChoking {
		return min(c.limit, max(1, fewNear/senders))
	}
	target, trips := 0, 2*c.minTrip
	if c.isRising() {
		target = firstShare(senders) + c.blocks
		trips *= 3 // twice the rate comes in the next round trip, and four times in the one after it
	}
	if c.rate > 0 {
		cover := max(trips, leastCover)
		if isOverdue {
			cover += QueueTime
		}
		target = max(target, fewNear, int(c.meanRate*cover.Seconds()/swarm.BlockLen))
	}
	return min(target, c.limit)
}

// ReadingTarget returns the number of requests to have open while somebody reads and no deadline is near.
// It is that of Target for the mean rate: the rates of many peers together, which follow bursts, are
// several times what the link carries, and who seeks would wait until all of that has come.
func (c *Pace) ReadingTarget() int {
	if c.isRising() {
		return c.Target() // the mean is not known
	}
	cover := 2*c.minTrip + readingTime
	return min(c.Target(), max(fewNear, int(c.meanRate*cover.Seconds()/swarm.BlockLen)))
}

// Arrival returns how long a block that is requested now, behind a number of open requests,
// should take to arrive, and the time from it to each one that is requested after it; zero if
// that is not known. silent is how long the peer has sent nothing. Of a peer that never sent any
// it is the time after which a block is late, as with Expected.
func (c *Pace) Arrival(open int, silent time.Duration) (first, each time.Duration) {
	if c.rate == 0 || c.meanTrip == 0 {
		return c.Expected(), 0
	}
	each = time.Duration(swarm.BlockLen / c.meanRate * float64(time.Second))
	first = max(c.minTrip, time.Duration(open)*each)
	if open > 0 && silent > c.minTrip+each {
		first += silent // what did not come for so long may not come for as long again
	}
	return first, each
}

// OnTheWay returns how many of the oldest open requests the peer will have answered before a message
// reaches it that is sent now: their blocks come in the next round trip.
func (c *Pace) OnTheWay() int { return int(c.meanRate * c.minTrip.Seconds() / swarm.BlockLen) }

// measureMean counts a rate that was measured over d into the mean, which neither rises nor falls
// faster: the sum of all peers' means is what the link carries. rate follows bursts upward, and
// the sum of those may be several times as much.
func (c *Pace) measureMean(rate float64, d time.Duration) {
	isFirst := c.meanRate == 0
	if isFirst {
		rate -= swarm.BlockLen / d.Seconds() // of the block with which the window began
	}
	isHigher := rate > rising*c.meanRate
	if !isHigher {
		c.flat++
	}
	if isFirst || (isHigher && c.isRising()) {
		c.meanRate = rate
		return
	}
	c.meanRate += (rate - c.meanRate) * float64(d) / float64(d+meanTime)
}

// firstShare returns how many blocks are requested of a peer of which nothing is known: the first MiB
// of one that is alone. Of several each gets a share of half of that, because one may be slow, and the
// others are asked for the rest when they have shown that they are not.
func firstShare(senders int) int {
	if senders == 1 {
		return nearQueue
	}
	return max(fewNear, nearQueue/(2*senders))
}

// isRising reports whether the rate may still double with each round trip.
func (c *Pace) isRising() bool { return c.flat < maxFlat }
