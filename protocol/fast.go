package protocol

import (
	"slices"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

// The fast extension, https://www.bittorrent.org/beps/bep_0006.html: each request is
// answered by a block or a reject; a peer names pieces that we may request while it
// chokes us, and suggests others.

const (
	maxHints = 100 // allowed-fast and suggested pieces of a peer that we remember, of each kind

	// maxRefused is the number of requests that one side may refuse the other, of a
	// kind that it should not have made or should have served.
	maxRefused = 500
)

// addHint adds a piece to a list of hints, once, unless the list is full.
func (p *peer) addHint(list []int, piece int) []int {
	if len(list) >= maxHints || slices.Contains(list, piece) {
		p.allowance.Spend(1)
		return list
	}
	return append(list, piece)
}

// receiveReject takes a request back that the peer will not serve.
func (s *State) receiveReject(now time.Time, p *peer, b swarm.Block) {
	i := p.requests.Find(b)
	if i < 0 {
		p.allowance.Spend(1)
		return
	}
	p.allowance.Spend(i / requestsPerUnit) // most peers answer in order
	r := p.requests.Remove(i)
	s.memory.Release(p.tally.TakeCredits(1))
	if !r.Late {
		s.picker.Drop(p.id, b)
		s.repick = true
	}
	// A peer that rejects a piece it allowed would be asked again at once, forever.
	p.allowed = slices.DeleteFunc(p.allowed, func(piece int) bool { return piece == b.Piece })
	if p.choking {
		p.allowance.Spend(1)
		return
	}
	p.refusedByPeer++
	if p.refusedByPeer > maxRefused {
		s.closePeer(now, p, protocolError(peerwire.Reject, "refuses all that it is asked for"))
	}
}

// reject tells a peer that we will not serve its request. Without the fast extension
// there is no such message.
func (s *State) reject(now time.Time, p *peer, b swarm.Block) {
	if p.fast {
		s.send(now, p, peerwire.Message{Kind: peerwire.Reject, Block: b})
	}
}
