package udptracker

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// merge adds the answer of one route to the reply. Reply.Next becomes the interval within
// the bounds of Config; of two routes the shorter one counts. UDP has no min interval, but
// a tracker must not be asked without limit: a user who asks waits a minute, or the
// interval if that is shorter.
func (t *Tracker) merge(reply *Reply, r announceResponse, first bool) {
	c := &t.trackers.config
	interval := r.interval
	if interval == 0 {
		interval = defaultInterval
	}
	least := min(max(min(interval, time.Minute), c.MinInterval), c.MaxInterval)
	interval = max(min(interval, c.MaxInterval), least)
	if first {
		reply.Next = interval
	}
	reply.Min = max(reply.Min, least)
	reply.Next = max(min(reply.Next, interval), reply.Min)
	reply.Seeds = max(reply.Seeds, r.seeds)
	reply.Leechers = max(reply.Leechers, r.leechers)
	if reply.Warning == "" {
		reply.Warning = r.warning
	}
}

// schedule sets answer.Next and answer.Min after the errors of all routes. If the tracker
// was only silent, the next packet is due when BEP 15 says so:
// https://www.bittorrent.org/beps/bep_0015.html#time-outs. A call that gave up at once gets
// a back-off instead, so that a caller with many silent trackers reaches all of them.
// canceled says that the caller ended the call.
func (t *Tracker) schedule(answer *swarm.Answer, s *session, errs []error, once, canceled bool) {
	c := &t.trackers.config
	isSilent := canceled
	for _, err := range errs {
		var timeout *TimeoutError
		var refused *FailureError
		isSilent = isSilent || errors.As(err, &timeout)
		if errors.As(err, &refused) {
			isSilent = false
			break
		}
	}
	if !canceled && (once || !isSilent) {
		s.failures++
	}
	var nextAt time.Time
	for _, r := range s.routes {
		at := r.schedule.nextAt
		if !at.IsZero() && (nextAt.IsZero() || at.Before(nextAt)) {
			nextAt = at
		}
	}
	if isSilent && !once && !nextAt.IsZero() {
		answer.Next = max(time.Until(nextAt), time.Second)
		answer.Min = min(answer.Next, c.MinInterval)
		return
	}
	answer.Next, answer.Min = max(t.backoff(s.failures), c.MinInterval), c.MinInterval
}

// backoff returns the wait after a number of failures in a row. It varies at random by
// up to a quarter, so that clients do not all return to a tracker at the same time.
func (t *Tracker) backoff(failures int) time.Duration {
	c := &t.trackers.config
	wait := c.Backoff
	for range failures - 1 {
		if wait >= c.MaxBackoff {
			break
		}
		wait = min(2*wait, c.MaxBackoff)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return wait - wait/4 + time.Duration(rand.New(&t.random).Int64N(int64(wait/2)+1))
}
