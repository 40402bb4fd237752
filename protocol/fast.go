package protocol

import (
	"slices"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/allowedfast"
	"github.com/shoal-bt/shoal/swarm"
)

// The fast extension, https://www.bittorrent.org/beps/bep_0006.html: each request is
// answered by a block or a reject; a peer names pieces that we may request while it
// chokes us, and suggests others.

const (
	// maxRefused is the number of requests that one side may refuse the other, of a
	// kind that it should not have made or should have served.
	maxRefused = 500

	// fewRefused is the number of requests that a peer refuses in a row until it gets one at a
	// time, because what is requested of it seems to be under way. Each of those that it
	// refuses then counts as much as aloneUnits others.
	fewRefused = 8
	aloneUnits = 32
)

// offerFast names pieces to a peer that it may request while we choke it, when it has said
// for the first time what it has: a peer that has nothing to trade needs them to begin
// (https://www.bittorrent.org/beps/bep_0006.html, "Allowed Fast"). We need not have them
// yet. A peer that the Revealer shows our pieces gets no others.
func (s *State) offerFast(now time.Time, p *peer) {
	mayOffer := p.Fast && !p.Closing && !s.viewers.Has(p.ID) && s.config.AllowedFast != Off
	if !mayOffer || p.Has.Count() > allowedfast.Most(s.n) {
		return
	}
	p.Offered = s.grants.Offer(p.Addr.Addr(), p.Swarm, s.geo)
	for _, piece := range p.Offered {
		s.send(now, p, peerwire.Message{Kind: peerwire.AllowedFast, Piece: piece})
	}
}

// mayTakeFast reports whether a request is for a piece that the peer was offered. A peer
// that has more pieces than we offer can trade.
func (s *State) mayTakeFast(p *peer, b swarm.Block) bool {
	return slices.Contains(p.Offered, b.Piece) && p.Has.Count() <= allowedfast.Most(s.n)
}

// receiveReject takes a request back that the peer will not serve.
func (s *State) receiveReject(now time.Time, p *peer, b swarm.Block) {
	i := p.Requests.Find(b)
	if i < 0 {
		p.Allowance.Spend(1)
		return
	}
	p.Allowance.Spend(i / requestsPerUnit) // most peers answer in order
	if p.Requests.IsOldReject(i) {
		return
	}
	r := p.Requests.Remove(i)
	s.memory.Release(p.Tally.TakeCredits(1))
	s.repick = true
	if !r.Late {
		s.picker.Drop(p.ID, b)
	}
	// A peer that rejects a piece it allowed would be asked again at once, forever.
	p.Allowed = slices.DeleteFunc(p.Allowed, func(piece int) bool { return piece == b.Piece })
	if p.Choking {
		p.Allowance.Spend(1)
		return
	}
	if r.Late {
		return // we have cancelled it, or given it up
	}
	p.RefusedByPeer++
	if p.RefusedByPeer > fewRefused && p.Requests.Len() == 0 {
		p.RefusedByPeer += aloneUnits
	}
	if p.RefusedByPeer > maxRefused {
		s.closePeer(now, p, protocolError(peerwire.Reject, "refuses all that it is asked for"))
	}
}

// reject tells a peer that we will not serve its request. Without the fast extension
// there is no such message.
func (s *State) reject(now time.Time, p *peer, b swarm.Block) {
	if p.Fast {
		s.send(now, p, peerwire.Message{Kind: peerwire.Reject, Block: b})
	}
}
