package fetch

import (
	"slices"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
)

const (
	checkWhileRequesting = 100 * time.Millisecond // between checks of requests that are not late
	checkWhileLate       = time.Second            // between checks if all requests are late
	checkOtherwise       = time.Minute
	keepAliveAfter       = time.Minute       // of our silence; peers close after 2 minutes
	peerTimeout          = 150 * time.Second // of the peer's silence
	giveUpAfter          = 30 * time.Second  // without an answer: the requests count as forgotten
	maxStalls            = 3                 // times in a row that requests are forgotten, until the peer goes
	oversizePatience     = 5 * time.Minute   // while each size is above the limit, until the fetch fails
	spareAfter           = 10 * time.Second  // without use: the peer may give up its place
)

// checkTimeouts goes through the peers if that is due: whose answers are late, who is
// silent, whom we owe a keep-alive
// (https://www.bittorrent.org/beps/bep_0003.html#peer-messages: length zero).
func (s *State) checkTimeouts(now time.Time) {
	if s.tickAt.IsZero() || s.tickAt.After(now) {
		return
	}
	s.tickAt, s.changed = time.Time{}, true
	if !s.oversizeSince.IsZero() {
		if now.Sub(s.oversizeSince) >= oversizePatience {
			s.err = &SizeError{s.refusedSize, s.config.MaxSize}
			return
		}
		s.tickBy(s.oversizeSince.Add(oversizePatience))
	}
	for _, p := range slices.Clone(s.order) {
		s.checkPeer(now, p)
	}
}

// checkPeer looks at the clocks of one peer.
func (s *State) checkPeer(now time.Time, p *peer) {
	if now.Sub(p.lastReceived) >= peerTimeout {
		s.closePeer(now, p, errTimeout)
		return
	}
	if !s.checkRequests(now, p) {
		s.closePeer(now, p, errStalled)
		return
	}
	if now.Sub(p.lastSent) >= keepAliveAfter {
		p.send(now, peerwire.Message{Kind: peerwire.KeepAlive})
	}
	s.tickBy(p.lastSent.Add(keepAliveAfter))
	s.tickBy(p.lastReceived.Add(peerTimeout))
	if p.asksAt.After(now) {
		s.tickBy(p.asksAt)
	}
	for _, r := range p.open {
		switch {
		case !r.late:
			s.tickBy(now.Add(checkWhileRequesting))
		case !r.forgotten:
			s.tickBy(now.Add(checkWhileLate))
		}
	}
}

// checkRequests notes which requests of a peer are late, so that others are asked. What is
// late for long counts as forgotten and may be requested again. It reports false if that
// happens again and again.
func (s *State) checkRequests(now time.Time, p *peer) bool {
	patience := p.patience()
	forgotten := false
	for i := range p.open {
		r := &p.open[i]
		waited := now.Sub(later(r.at, p.lastData))
		if !r.late && waited > patience {
			r.late = true
			p.late()
		}
		if !r.forgotten && waited > giveUpAfter {
			r.forgotten, forgotten = true, true
		}
	}
	if forgotten {
		p.stalls++
	}
	return p.stalls < maxStalls
}

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Spare removes the peer that should give up its place if somebody waits for one: of those
// that offer no metadata, reject requests or do not answer them, the one that joined first.
// Without this rule, peers that pretend to have metadata could keep all others out. It
// reports false if there is none.
func (s *State) Spare(now time.Time) (Close, bool) {
	for _, p := range s.order {
		isUseless := p.group == nil || p.rejects > 0 || len(p.open) > 0
		if isUseless && now.Sub(later(p.joinedAt, p.lastData)) >= spareAfter {
			return s.end(now, p, errSpare), true
		}
	}
	return Close{}, false
}
