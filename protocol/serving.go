package protocol

import (
	"slices"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

// maxServing is the number of requests of a peer that may wait, our reqq
// (https://www.bittorrent.org/beps/bep_0010.html, "handshake message").
const maxServing = 2000

// receiveRequest puts a block on the list of those to send, or refuses it
// (https://www.bittorrent.org/beps/bep_0003.html, "peer messages": request).
func (s *State) receiveRequest(now time.Time, p *peer, b swarm.Block) error {
	isGift := p.amChoking && s.mayTakeFast(p, b)
	switch {
	case p.amChoking && !isGift:
		p.refusedByUs++
		if p.refusedByUs > maxRefused {
			return protocolError(peerwire.Request, "request while choked")
		}
	case !s.have.Has(b.Piece) || s.unreadable.Pieces.Has(b.Piece) || !s.viewers.MayKnow(p.id, b.Piece):
		p.refusedByUs++
		if p.refusedByUs > maxRefused {
			return protocolError(peerwire.Request, "request for pieces that we do not have")
		}
	case p.tally.Queued() >= maxServing:
		if !p.fast {
			return protocolError(peerwire.Request, "more than %d requests wait", maxServing)
		}
		p.allowance.Spend(1)
	case isGift && !s.grants.Take(p.addr.Addr(), b, s.geo):
		p.allowance.Spend(1)
	default:
		p.tally.AddQueued(1)
		p.out.Serve = append(p.out.Serve, b)
		s.markDirty(p)
		return nil
	}
	s.reject(now, p, b)
	return nil
}

// receiveCancel takes a block off the list of those to send, here or with the writer
// (https://www.bittorrent.org/beps/bep_0003.html, "peer messages": cancel).
func (s *State) receiveCancel(now time.Time, p *peer, b swarm.Block) {
	p.allowance.Spend(1 + len(p.out.Serve)/blocksPerUnit)
	i := slices.Index(p.out.Serve, b)
	if i >= 0 {
		p.out.Serve = slices.Delete(p.out.Serve, i, i+1)
		s.withdraw(now, p, b)
		return
	}
	p.out.Cancel = append(p.out.Cancel, b)
	s.markDirty(p)
}

// withdraw gives up on a block that never got to the writer.
func (s *State) withdraw(now time.Time, p *peer, b swarm.Block) {
	p.tally.AddQueued(-1)
	s.reject(now, p, b)
}
