package protocol

import (
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/ending"
)

// maxUnasked is the bytes that a peer may send beyond all that we ever requested of it.
// Requests that were cancelled or given up count as asked, because their blocks may be
// under way; so a peer that answers each request once never sends any. One that sends more is
// refused for unaskedRefusal, because each time it comes back costs as much again.
const (
	maxUnasked     = 64 << 10
	unaskedRefusal = time.Hour
)

// receiveBlock takes in a block. Its buffer comes with one unit. Blocks may arrive that
// were not requested any more
// (https://www.bittorrent.org/beps/bep_0003.html, "peer messages": piece).
func (s *State) receiveBlock(now time.Time, p *peer, m peerwire.Message) {
	p.BytesGot += int64(m.Block.Length)
	i := p.Requests.Find(m.Block)
	if i < 0 || m.Data == nil {
		s.discardUnasked(now, p, m, i)
		return
	}
	r := p.Requests.Remove(i)
	var trip time.Duration
	if !r.Late && !r.Again {
		trip = max(now.Sub(r.Sent), time.Microsecond)
	}
	p.LastBlock, p.Stalls, p.RefusedByPeer = now, 0, 0
	p.Allowance.Earn(1)
	p.Pace.Arrived(now, m.Block.Length, trip)
	var missing bool
	s.duplicates, missing = s.picker.Arrive(s.duplicates[:0], p.ID, m.Block)
	for _, id := range s.duplicates {
		s.cancelDuplicate(now, id, m.Block)
	}
	if !missing {
		s.figures.wasted += int64(len(m.Data))
		s.drop(m.Data)
		return
	}
	p.Tally.Use(now)
	s.book.ResetBackoff(p.DialAddr)
	a := s.assemblyOf(m.Block.Piece)
	a.Add(&p.Sender, m.Block, m.Data)
	if a.Ready() {
		s.submit(a)
	} else {
		s.submitSection(a, s.sections.Min)
		s.spillLater(a.Piece)
	}
}

// discardUnasked drops a block that we did not ask for. i is the request for it that
// found no buffer, or -1 for none. Too many such blocks end the connection.
func (s *State) discardUnasked(now time.Time, p *peer, m peerwire.Message, i int) {
	p.Allowance.Spend(1)
	s.figures.wasted += int64(m.Block.Length)
	if m.Data != nil {
		// It took a buffer that was meant for another block: keep that one's unit.
		s.memory.Keep(m.Data)
		p.Tally.TakeBack(len(m.Data))
	}
	if i >= 0 {
		r := p.Requests.Remove(i)
		if !r.Late {
			s.picker.Drop(p.ID, r.Block)
			s.repick = true
		}
	}
	if p.BytesGot > p.BytesAsked+maxUnasked {
		s.closePeer(now, p, ending.Flood(peerwire.Piece, "%d bytes that nobody asked for", p.BytesGot-p.BytesAsked))
		s.book.RefuseLong(now, p.Addr.Addr(), unaskedRefusal)
	}
}

// trimCredits gives back the units of a peer that no request stands for: a block that
// comes after a choke takes the place of the one that is requested again.
func (s *State) trimCredits(p *peer) {
	n := p.Tally.Credits() - p.Requests.Len()
	if n > 0 {
		s.memory.Release(p.Tally.TakeCredits(n))
	}
}

// discardBlocks takes back the buffers of blocks that are not wanted any more.
func (s *State) discardBlocks(messages []peerwire.Message) {
	for _, m := range messages {
		if m.Kind == peerwire.Piece && m.Data != nil {
			s.figures.wasted += int64(len(m.Data))
			s.drop(m.Data)
		}
	}
}
