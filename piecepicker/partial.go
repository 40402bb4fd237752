package piecepicker

import "github.com/shoal-bt/shoal/swarm"

// A blockState is the state of a block of a piece that is begun.
type blockState uint8

const (
	free       blockState = iota // missing and requested from nobody
	requested                    // missing and requested from at least one peer
	received                     // from a known peer
	heldBefore                   // of a held piece that lost other blocks, so the sender is unknown
	pad                          // all pad, never requested
)

// A block is a block of a piece that is begun.
type block struct {
	peer   swarm.Peer // the first peer that it is requested from, or that sent it
	dueAt  int64      // when that peer should have sent it, in the picker's time
	serial uint32     // of the request to that peer
	state  blockState
	extras uint8 // number of requests for it in partial.extraRequests
}

// maxExtras is the largest number that block.extras can hold.
const maxExtras = 255

// An extraRequest is a request for a block that was already requested from another peer.
type extraRequest struct {
	block  int32  // number in the piece
	serial uint32 // as in block
	peer   swarm.Peer
	dueAt  int64 // as in block
}

// A partial is a piece that is begun. It exists until the piece is held, or until all its
// blocks are free again.
type partial struct {
	piece         int32
	index         int32  // in Picker.partials
	openIndex     int32  // in Picker.open; -1 if it has no free block or is not wanted
	count         int32  // number of blocks, without those that are all pad
	free          int32  // number of free blocks
	missing       int32  // number of free and requested blocks
	freeFrom      int32  // no block before this one is free
	last          int32  // length in bytes of the last block, with the pad at its end
	begun         uint64 // Picker.begun when it was begun
	lastServed    uint64 // Picker.served when sideBySide last picked from it
	reserved      bool   // for owner, which is on parole, while others find another piece
	owner         swarm.Peer
	blocks        []block
	extraRequests []extraRequest

	// geometry is set if the torrent has pads: then it knows where blocks end.
	geometry *swarm.Geometry
}

// block returns block n as it is requested. Its Length is zero if it is all pad.
func (t *partial) block(n int) swarm.Block {
	if t.geometry != nil {
		return t.geometry.Request(int(t.piece), n)
	}
	b := swarm.Block{Piece: int(t.piece), Begin: n * swarm.BlockLen, Length: swarm.BlockLen}
	if n == len(t.blocks)-1 {
		b.Length = int(t.last)
	}
	return b
}

// blockIndex returns the number of b in the piece, and whether b is a block that may be
// requested.
func (t *partial) blockIndex(b swarm.Block) (int, bool) {
	n := b.Begin / swarm.BlockLen
	if b.Begin < 0 || n >= len(t.blocks) || b != t.block(n) {
		return 0, false
	}
	return n, t.blocks[n].state != pad
}

// untouched reports whether no block of the piece is requested, received or held.
func (t *partial) untouched() bool { return t.free == t.count }

// hasRequests reports whether a block of the piece is hasRequests and has not arrived.
func (t *partial) hasRequests() bool { return t.missing > t.free }

// requestedFrom reports whether block n is requested from peer p.
func (t *partial) requestedFrom(n int, p swarm.Peer) bool {
	b := &t.blocks[n]
	if b.state != requested {
		return false
	}
	if b.peer == p {
		return true
	}
	if b.extras > 0 {
		for _, m := range t.extraRequests {
			if int(m.block) == n && m.peer == p {
				return true
			}
		}
	}
	return false
}

// dueAt returns when the first of the peers that block n is requested from should have
// sent it.
func (t *partial) dueAt(n int) int64 {
	due := t.blocks[n].dueAt
	if t.blocks[n].extras > 0 {
		for _, m := range t.extraRequests {
			if int(m.block) == n {
				due = min(due, m.dueAt)
			}
		}
	}
	return due
}

// onlyFrom reports whether no peer other than p sends or sent a block of the piece.
func (t *partial) onlyFrom(p swarm.Peer) bool {
	for i := range t.blocks {
		switch b := &t.blocks[i]; b.state {
		case requested:
			if b.peer != p || b.extras > 0 {
				return false
			}
		case received:
			if b.peer != p {
				return false
			}
		case heldBefore:
			return false
		}
	}
	return true
}

// reservedForOther reports whether the piece is reserved for a peer on parole that is
// not p.
func (t *partial) reservedForOther(p swarm.Peer) bool { return t.reserved && t.owner != p }

// findRun returns the number of the first of n consecutive free blocks, or -1 if there
// are none. If the piece has fewer than n blocks, all must be free.
func (t *partial) findRun(n int) int {
	n = min(n, int(t.count))
	if int(t.free) < n {
		return -1
	}
	row := 0
	for i := int(t.freeFrom); i < len(t.blocks); i++ {
		if t.blocks[i].state != free {
			row = 0
		} else if row++; row >= n {
			return i - row + 1
		}
	}
	return -1
}
