package protocol

import (
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/requests"
	"github.com/shoal-bt/shoal/swarm"
)

// requestBlocks requests as many blocks of a peer as its pace and the memory allow
// (https://www.bittorrent.org/beps/bep_0003.html, "peer protocol": several requests are
// kept waiting at once). While the peer chokes us, these are blocks of pieces it allows
// (https://www.bittorrent.org/beps/bep_0006.html, "Allowed Fast").
func (s *State) requestBlocks(now time.Time, p *peer) {
	mayRequest := !p.Choking || len(p.Allowed) > 0
	if !s.Running() || p.Closing || !p.AmInterested || !mayRequest {
		return
	}
	open, target := p.Requests.Len(), p.Pace.Target()
	switch {
	case s.isNear(now):
		open, target = p.Requests.Active(), p.Pace.NearTarget(len(s.order), p.Choking, s.isOverdue(now))
	case s.seek.IsReading(now):
		target = p.Pace.ReadingTarget()
	}
	room := p.Pace.Room(open, target)
	if p.RefusedByPeer >= fewRefused {
		room = 1 - p.Requests.Len()
	}
	// Few requests a message cost more than a queue that is an eighth shorter.
	if room < 1 || (open > 0 && room < target/8) {
		return
	}
	granted := s.reserve(room)
	if granted == 0 {
		return
	}
	s.picked = s.pick(now, p, granted)
	s.memory.Release(granted - len(s.picked))
	if len(s.picked) == 0 {
		return
	}
	if p.Requests.Len() == 0 {
		p.LastBlock = now
	}
	anyLate := p.Requests.AnyLate()
	for _, b := range s.picked {
		s.assemblyOf(b.Piece)
		if anyLate && s.reviveRequest(now, p, b) {
			continue
		}
		p.Tally.AddCredit()
		p.Requests.Add(requests.Request{Block: b, Sent: now})
		s.sendRequest(now, p, b)
	}
	s.scheduleTimeouts(now)
}

// pick asks the picker for up to n blocks.
func (s *State) pick(now time.Time, p *peer, n int) []swarm.Block {
	spread := s.sections.Spread(s.totalRate(), s.geo.PieceLength)
	most, delay, each := s.maxNewPieces(n, spread), p.Pace.Expected(), time.Duration(0)
	if s.isNear(now) {
		most = max(most, 2) // pieces that a seek left must not keep others from being begun
		delay, each = p.Pace.Arrival(p.Requests.Active(), now.Sub(p.LastBlock))
	}
	ask := swarm.Ask{
		Peer:         p.ID,
		MaxBlocks:    n,
		MaxNewPieces: most,
		First:        p.Suggested,
		Exclusive:    s.isOnParole(p),
		Spread:       spread,
		Now:          now,
		Delay:        delay,
		Each:         each,
	}
	if p.Choking {
		ask.Only = p.Allowed
	}
	picked := s.picker.Pick(s.picked[:0], ask)
	isWaiting := p.Requests.Len() == 0
	if len(picked) == 0 && ask.MaxNewPieces == 0 && isWaiting {
		// This peer has none of the partial pieces. It must not wait until the peers
		// that have them complete them, because these may have left.
		ask.MaxNewPieces = 1
		picked = s.picker.Pick(picked, ask)
	}
	if len(picked) == 0 && ask.Exclusive && !p.Choking && isWaiting && s.restartForParole(p) {
		picked = s.picker.Pick(picked, ask)
	}
	return picked
}

// maxNewPieces returns how many pieces may be begun to request n blocks that are spread
// over pieces.
func (s *State) maxNewPieces(n, spread int) int {
	senders := 0
	for _, p := range s.order {
		if !p.Choking && p.AmInterested {
			senders++
		}
	}
	return s.pieces.MaxNew(n, spread, senders, s.memory.Units())
}

func (s *State) sendRequest(now time.Time, p *peer, b swarm.Block) {
	p.BytesAsked += int64(b.Length)
	s.send(now, p, peerwire.Message{Kind: peerwire.Request, Block: b})
}

// reviveRequest makes an open request for b, which was late, one that counts again; its
// unit is still set aside. It reports false if there is none.
func (s *State) reviveRequest(now time.Time, p *peer, b swarm.Block) bool {
	i := p.Requests.Find(b)
	if i < 0 {
		return false
	}
	if p.Requests.Revive(i, now) {
		s.sendRequest(now, p, b)
	}
	s.memory.Release(1)
	return true
}

// cancelDuplicate cancels a block that another peer sent first.
func (s *State) cancelDuplicate(now time.Time, id swarm.Peer, b swarm.Block) {
	p := s.peers[id]
	if p == nil || p.Closing {
		return
	}
	i := p.Requests.Find(b)
	if i >= 0 && !p.Requests.Open()[i].Late {
		s.cancelRequest(now, p, &p.Requests.Open()[i])
	}
}

// cancelRequests cancels what was requested of the pieces that isOver names, except for the oldest
// requests, and returns how much that was.
func (s *State) cancelRequests(now time.Time, p *peer, oldest int, isOver func(piece int) bool) (n int) {
	open := p.Requests.Open()
	for i := range open {
		if i >= oldest && !open[i].Void && isOver(open[i].Block.Piece) {
			s.cancelRequest(now, p, &open[i])
			n++
		}
	}
	return n
}

// cancelRequest tells a peer that it need not send a block
// (https://www.bittorrent.org/beps/bep_0003.html, "peer messages": cancel). It may be under way,
// so the request stays until it is answered, or checkRequests forgets it.
func (s *State) cancelRequest(now time.Time, p *peer, r *requests.Request) {
	if !r.Late {
		s.picker.Drop(p.ID, r.Block)
	}
	r.Late, r.Void, r.CancelledAt = true, true, now
	s.send(now, p, peerwire.Message{Kind: peerwire.Cancel, Block: r.Block})
	p.Allowance.Earn(1) // it answers with a reject
}

// receiveUnchoke lets us request blocks again. A peer that repeats it sends no block
// thereby, so its requests become late all the same.
func (s *State) receiveUnchoke(now time.Time, p *peer) {
	p.Allowance.Spend(1)
	if p.Choking {
		p.Choking, p.LastBlock = false, now
	}
}

// receiveChoke frees what we requested: without the fast extension the peer forgets all
// of it. With it each request is answered by a block or a reject
// (https://www.bittorrent.org/beps/bep_0006.html, "Reject Request").
func (s *State) receiveChoke(p *peer) {
	p.Choking = true
	p.Allowance.Spend(1)
	if p.Fast {
		return
	}
	p.Allowance.Spend(p.Requests.Len()) // each was picked for nothing
	s.memory.Release(p.Tally.TakeCredits(p.Requests.Len()))
	for _, r := range p.Requests.Open() {
		if !r.Late {
			s.picker.Drop(p.ID, r.Block)
		}
	}
	p.Requests.Clear()
	s.repick = true
}
