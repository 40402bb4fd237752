package engine

import (
	"slices"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
)

const (
	scanWhileRequesting = 500 * time.Millisecond // between looks at the peers' clocks, while blocks are on order
	scanOtherwise       = 5 * time.Second        // and otherwise
	keepAlive           = 60 * time.Second       // of our silence, until we say that we are there
)

// tick is a deadline that passed.
type tick struct{}

func (tick) apply(now time.Time, s *state) {
	if due(s.chokeAt, now) {
		s.rechoke(now)
	}
	if due(s.scanAt, now) {
		s.checkTimeouts(now)
	}
	if due(s.idleAt, now) && s.canIdle() {
		s.becomeIdle()
	}
	if due(s.statsAt, now) {
		s.statsAt = time.Time{}
		if s.active() && s.cfg.Events&OnStats != 0 {
			s.readMeters(now)
			s.report(StatsTick{now, s.snapshot(now)})
			s.statsAt = now.Add(time.Second)
		}
	}
}

func due(t, now time.Time) bool { return !t.IsZero() && !t.After(now) }

// scheduleScan has the peers looked at, soon while blocks are on order.
func (s *state) scheduleTimeouts(now time.Time) {
	every := scanOtherwise
	for _, p := range s.order {
		if len(p.requests) > 0 {
			every = scanWhileRequesting
			break
		}
	}
	if t := now.Add(every); s.scanAt.IsZero() || s.scanAt.After(t) {
		s.scanAt = t
	}
}

// look goes through the peers: who is late, silent or of no use.
func (s *state) checkTimeouts(now time.Time) {
	s.scanAt = time.Time{}
	s.readMeters(now)
	for _, p := range slices.Clone(s.order) {
		switch {
		case now.Sub(p.lastReceived) > s.wait:
			s.closePeer(now, p, errTimeout)
		case p.interested || p.amInterested:
			p.lastInterest = now
		case s.cfg.IdleTimeout > 0 && now.Sub(p.lastInterest) > s.cfg.IdleTimeout:
			s.closePeer(now, p, errIdle)
		}
		if p.closing {
			continue
		}
		s.checkRequests(now, p)
		if p.parole && len(p.requests) == 0 {
			s.repick = true // what others held up may be free by now
		}
		if now.Sub(p.lastSent) >= keepAlive && !p.closing {
			s.send(now, p, peerwire.Message{Kind: peerwire.KeepAlive})
		}
	}
	if len(s.peers) > 0 {
		s.scheduleTimeouts(now)
	}
}

// measure reads the counters of the connections.
func (s *state) readMeters(now time.Time) {
	f := s.traffic
	if f == nil {
		return
	}
	total := f.gone
	for _, p := range s.peers {
		total.add(p.tally)
		p.down.read(now, p.tally.down.Load())
		p.up.read(now, p.tally.up.Load())
	}
	f.down.read(now, total.down)
	f.up.read(now, total.up)
	f.protoDown.read(now, total.downAll-total.down)
	f.protoUp.read(now, total.upAll-total.up)
}

// snapshot returns the figures of this moment.
func (s *state) snapshot(now time.Time) Stats {
	f := s.traffic
	if f == nil {
		f = new(traffic)
	}
	total, seeds := s.totals(), 0
	for _, p := range s.peers {
		if p.isSeed(s.n) {
			seeds++
		}
	}
	return Stats{
		Torrent: s.id(), Phase: s.phase, Err: s.err,
		Start: s.start, Run: now.Sub(s.start), Checked: s.checked, ToCheck: s.toCheck,
		Pieces: s.n, Held: s.haveN, Pending: len(s.assembly), Wrong: s.wrong,
		Length: s.geo.Length, Left: s.left,
		Down: f.down.flowAt(s.baseDown + total.down), Up: f.up.flowAt(s.baseUp + total.up),
		DownProtocol: f.protoDown.flowAt(total.downAll - total.down),
		UpProtocol:   f.protoUp.flowAt(total.upAll - total.up),
		Wasted:       s.wasted,
		EndGame:      !s.complete() && len(s.assembly) > 0 && s.haveN+len(s.assembly) == s.n,
		Peers:        len(s.order), Seeds: seeds, Dialing: s.book.dialing, Known: len(s.book.order),
	}
}

// show returns the figures of a peer.
func (p *peerState) stats(n int) PeerStats {
	return PeerStats{
		Addr: p.addr, ID: p.peerID, Client: p.client, Outgoing: p.outgoing, Joined: p.joinedAt,
		Greeting: !p.gotFirst, Choking: p.choking, Interested: p.interested, AmChoking: p.amChoking, AmInterested: p.amInterested,
		Snubbed: p.pace.snubbed, Pieces: p.haveN, Requested: len(p.requests), Queue: p.pace.queue,
		Serving: int(p.tally.queued.Load()), RoundTrip: p.pace.meanTrip,
		Down: p.down.flowAt(p.tally.down.Load()), Up: p.up.flowAt(p.tally.up.Load()),
		DownAll: p.tally.downAll.Load(), UpAll: p.tally.upAll.Load(),
		Unknown: p.tally.unknown.Load(),
	}
}
