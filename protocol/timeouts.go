package protocol

import (
	"slices"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/ending"
)

const (
	checkWhileRequesting = 500 * time.Millisecond // between checks of timeouts while requests are open
	checkOtherwise       = 5 * time.Second
	keepAliveAfter       = 60 * time.Second // of our silence; peers close after 2 minutes
	giveUpAfter          = time.Minute      // without a block: units set aside for the peer go to others
	maxStalls            = 3                // times in a row that we give up on a peer's blocks until it goes
)

// timeoutChecks is when the peers' clocks are looked at.
type timeoutChecks struct {
	at        time.Time // of the next check; zero for never
	replaceAt time.Time // when one more peer may be replaced
}

func (t *timeoutChecks) nextDeadline() time.Time { return t.at }

// scheduleTimeouts schedules the next check of timeouts: soon while requests are open.
func (s *State) scheduleTimeouts(now time.Time) {
	every := checkOtherwise
	if slices.ContainsFunc(s.order, func(p *peer) bool { return p.Requests.Len() > 0 }) {
		every = checkWhileRequesting
	}
	s.timeouts.at = earlier(s.timeouts.at, now.Add(every))
}

// checkTimeouts goes through the peers: which are silent, which are idle, whose blocks
// are late. A peer that we sent nothing for long gets a keep-alive
// (https://www.bittorrent.org/beps/bep_0003.html, "peer messages": length zero).
func (s *State) checkTimeouts(now time.Time) {
	s.timeouts.at = time.Time{}
	s.readMeters(now)
	s.viewers.Tick()
	for _, p := range slices.Clone(s.order) {
		s.recordUploads(now, p)
		s.checkSilence(now, p)
		if p.Closing {
			continue
		}
		p.Extension.Tick(now)
		s.checkRequests(now, p)
		if s.isOnParole(p) && p.Requests.Len() == 0 {
			s.repick = true // what others held up may be free by now
		}
		if now.Sub(p.LastSent) >= keepAliveAfter && !p.Closing {
			s.send(now, p, peerwire.Message{Kind: peerwire.KeepAlive})
		}
	}
	s.replaceUnused(now)
	if len(s.peers) > 0 {
		s.scheduleTimeouts(now)
	}
}

// checkSilence ends the connection to a peer that sent nothing for long, or in which
// neither side was interested.
func (s *State) checkSilence(now time.Time, p *peer) {
	limit := s.config.IdleTimeout
	switch {
	case now.Sub(p.LastReceived) > s.peerTimeout:
		s.closePeer(now, p, ending.ErrTimeout)
	case p.Interested || p.AmInterested:
		p.LastInterest = now
	case limit > 0 && now.Sub(p.LastInterest) > limit:
		s.closePeer(now, p, ending.ErrIdle)
	}
}

// checkRequests looks for blocks that are overdue. A request times out when its peer sent
// no block for Pace.Timeout, which follows the round trips of its blocks as the timeout of
// TCP does; or when blocks arrive that were requested much later. What a stalled peer was asked for
// becomes free for others; its units stay set aside, because it may still send.
func (s *State) checkRequests(now time.Time, p *peer) {
	if p.Requests.Len() == 0 {
		return
	}
	wait := p.Pace.Timeout()
	silent := now.Sub(p.LastBlock)
	if silent >= giveUpAfter {
		s.giveUpRequests(now, p)
		return
	}
	isStalled := silent > wait
	if isStalled {
		p.Pace.Stalled()
	}
	for b := range p.Requests.MarkLate(now, p.LastBlock, wait, isStalled) {
		s.picker.Drop(p.ID, b)
		s.repick = true
	}
	n := p.Requests.ForgetLate(now.Add(-giveUpAfter), now.Add(-wait))
	s.memory.Release(p.Tally.TakeCredits(n))
	s.repick = s.repick || n > 0
}

// giveUpRequests takes back the units that were set aside for a peer that sends nothing.
func (s *State) giveUpRequests(now time.Time, p *peer) {
	p.Stalls++
	if p.Stalls >= maxStalls {
		s.closePeer(now, p, ending.ErrTimeout)
		return
	}
	for i := range p.Requests.Open() {
		s.cancelRequest(now, p, &p.Requests.Open()[i])
	}
	s.memory.Release(p.Tally.TakeCredits(p.Requests.Len()))
	p.Requests.Clear()
	p.LastBlock = now
	p.Pace.Stalled()
	s.repick = true
}
