package piecepicker

import (
	"slices"

	"github.com/shoal-bt/shoal/swarm"
)

// Drop says that a peer will not send b. If b was requested from it alone, b becomes free
// to pick.
func (p *Picker) Drop(id swarm.Peer, b swarm.Block) {
	r := p.peers[id]
	if r == nil || b.Piece < 0 || b.Piece >= p.board.pieces {
		return
	}
	t := p.partial(b.Piece)
	if t == nil {
		return
	}
	if n, ok := t.blockIndex(b); ok && p.forgetRequest(t, n, r) {
		p.reindex(b.Piece)
	}
}

// Arrive says that a peer sent b, and appends to dst the other peers from which b is
// requested, so that the engine can cancel there. It reports whether b was missing. A
// block counts even if it was not requested from this peer; the engine decides whether it
// accepts such blocks.
func (p *Picker) Arrive(dst []swarm.Peer, id swarm.Peer, b swarm.Block) (cancel []swarm.Peer, missing bool) {
	r := p.peers[id]
	if r == nil || b.Piece < 0 || b.Piece >= p.board.pieces || p.held.Has(b.Piece) {
		return dst, false
	}
	t := p.partial(b.Piece)
	if t == nil {
		if !p.geometry.Contains(b) {
			return dst, false
		}
		t = p.addPartial(b.Piece)
	}
	n, ok := t.blockIndex(b)
	if !ok {
		return dst, false
	}
	switch t.blocks[n].state {
	case requested:
		dst = p.forgetRequests(dst, t, n, r)
		t.blocks[n] = block{peer: id, state: received}
		t.missing--
	case free:
		t.blocks[n] = block{peer: id, state: received}
		t.missing--
		t.free--
		p.reindex(b.Piece)
	default:
		return dst, false
	}
	return dst, true
}

// forgetRequests ends all requests for block n, which must be requested, and appends to
// dst the peers that it was requested from, except r.
func (p *Picker) forgetRequests(dst []swarm.Peer, t *partial, n int, r *peer) []swarm.Peer {
	b := &t.blocks[n]
	if r != nil && b.peer == r.id {
		r.requests--
	} else {
		p.peers[b.peer].requests--
		dst = append(dst, b.peer)
	}
	if b.extras == 0 {
		return dst
	}
	t.extraRequests = slices.DeleteFunc(t.extraRequests, func(m extraRequest) bool {
		if int(m.block) != n {
			return false
		}
		o := p.peers[m.peer]
		o.requests--
		o.duplicates--
		if o != r {
			dst = append(dst, m.peer)
		}
		return true
	})
	return dst
}

// forgetRequest ends the request for block n to peer r, if there is one, and reports
// whether that made the block free. If so, the caller must reindex the piece.
func (p *Picker) forgetRequest(t *partial, n int, r *peer) bool {
	b := &t.blocks[n]
	if b.state != requested {
		return false
	}
	if b.peer != r.id && b.extras == 0 {
		return false
	}
	if b.peer == r.id && b.extras == 0 {
		r.requests--
		*b = block{}
		t.free++
		t.freeFrom = min(t.freeFrom, int32(n))
		return true
	}
	first := b.peer == r.id
	for i, m := range t.extraRequests {
		if int(m.block) != n || (!first && m.peer != r.id) {
			continue
		}
		r.requests--
		if first {
			// The oldest extra request becomes the first one.
			b.peer, b.dueAt, b.serial = m.peer, m.dueAt, m.serial
			p.peers[m.peer].duplicates--
		} else {
			r.duplicates--
		}
		b.extras--
		t.extraRequests = slices.Delete(t.extraRequests, i, i+1)
		return false
	}
	return false
}
