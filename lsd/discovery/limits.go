package discovery

import (
	"net/netip"
	"time"
)

// maxSenders is how many addresses are counted. All others share one count.
const maxSenders = 1000

// A limit is how many of something there may be.
type limit struct {
	burst float64 // at once
	rate  float64 // a second
}

var (
	senderLimit = limit{burst: 100, rate: 10}   // datagrams that are read of one address
	newLimit    = limit{burst: 5000, rate: 200} // new peers of all swarms
)

// limits counts the datagrams of each sender, so that one does not shut out another. What is
// read in all is bounded because the number of senders is.
type limits struct {
	senders map[netip.Addr]*bucket
	others  bucket
	peers   bucket
	sweptAt time.Time
}

// A bucket has a token for each one that is left.
type bucket struct {
	tokens float64
	at     time.Time // when they were counted; zero if never
}

// take takes a token, if there is one.
func (b *bucket) take(now time.Time, l limit) bool {
	b.fill(now, l)
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

func (b *bucket) fill(now time.Time, l limit) {
	if b.at.IsZero() {
		b.tokens = l.burst
	}
	b.tokens = min(l.burst, b.tokens+l.rate*max(0, now.Sub(b.at).Seconds()))
	b.at = now
}

// allow reports whether one more datagram of a sender is read.
func (l *limits) allow(now time.Time, from netip.Addr) bool {
	b := l.senders[from]
	if b == nil && len(l.senders) >= maxSenders && now.Sub(l.sweptAt) >= time.Second {
		l.expire(now)
	}
	switch {
	case b == nil && len(l.senders) >= maxSenders:
		b = &l.others
	case b == nil:
		if l.senders == nil {
			l.senders = make(map[netip.Addr]*bucket)
		}
		b = new(bucket)
		l.senders[from] = b
	}
	return b.take(now, senderLimit)
}

// allowNew reports whether one more peer may be reported that was not known.
func (l *limits) allowNew(now time.Time) bool { return l.peers.take(now, newLimit) }

// expire forgets senders that have been quiet.
func (l *limits) expire(now time.Time) {
	l.sweptAt = now
	for a, b := range l.senders {
		b.fill(now, senderLimit)
		if b.tokens >= senderLimit.burst {
			delete(l.senders, a)
		}
	}
}
