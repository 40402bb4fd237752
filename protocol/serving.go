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
	isGift := p.AmChoking && s.mayTakeFast(p, b)
	switch {
	case p.AmChoking && !isGift:
		p.RefusedByUs++
		if p.RefusedByUs > maxRefused {
			return protocolError(peerwire.Request, "request while choked")
		}
	case !s.have.Has(b.Piece) || s.unreadable.Pieces.Has(b.Piece) || !s.viewers.MayKnow(p.ID, b.Piece):
		p.RefusedByUs++
		if p.RefusedByUs > maxRefused {
			return protocolError(peerwire.Request, "request for pieces that we do not have")
		}
	case p.Tally.Queued() >= maxServing:
		if !p.Fast {
			return protocolError(peerwire.Request, "more than %d requests wait", maxServing)
		}
		p.Allowance.Spend(1)
	case isGift && !s.grants.Take(p.Addr.Addr(), b, s.geo):
		p.Allowance.Spend(1)
	default:
		p.Tally.AddQueued(1)
		p.Out.Serve = append(p.Out.Serve, b)
		s.markDirty(p)
		return nil
	}
	s.reject(now, p, b)
	return nil
}

// receiveCancel takes a block off the list of those to send, here or with the writer
// (https://www.bittorrent.org/beps/bep_0003.html, "peer messages": cancel).
func (s *State) receiveCancel(now time.Time, p *peer, b swarm.Block) {
	p.Allowance.Spend(1 + len(p.Out.Serve)/blocksPerUnit)
	i := slices.Index(p.Out.Serve, b)
	if i >= 0 {
		p.Out.Serve = slices.Delete(p.Out.Serve, i, i+1)
		s.withdraw(now, p, b)
		return
	}
	p.Out.Cancel = append(p.Out.Cancel, b)
	s.markDirty(p)
}

// withdraw gives up on a block that never got to the writer.
func (s *State) withdraw(now time.Time, p *peer, b swarm.Block) {
	p.Tally.AddQueued(-1)
	s.reject(now, p, b)
}
