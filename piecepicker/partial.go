package piecepicker

import "github.com/shoal-bt/shoal/swarm"

// A blockState is what became of a block.
type blockState uint8

const (
	free       blockState = iota // missing and asked of no one
	requested                    // missing and asked of one peer or more
	received                     // sent by a known peer
	heldBefore                   // held before: part of a piece that was lost in part
	pad                          // never asked for
)

// A block is one block of a piece that was begun.
type block struct {
	peer   swarm.Peer // that was asked first, or that sent it
	dueAt  int64      // when the peer asked should have sent it, in the picker's time
	state  blockState
	extras uint8 // further peers asked, in part.more
}

// maxExtras is the most that block.more can count.
const maxExtras = 255

// An extraRequest is a request for a block that another peer was asked for before.
type extraRequest struct {
	block int32
	peer  swarm.Peer
	dueAt int64
}

// A partial is a piece that was begun. It lives until the piece is held, or until
// nothing of it is asked or here.
type partial struct {
	piece         int32
	index         int32 // in Picker.parts
	openIndex     int32 // in Picker.open; -1 when it has no free block or is not wanted
	count         int32 // of blocks without pads
	free          int32 // of blocks
	missing       int32 // of blocks
	freeFrom      int32 // no block before it is free
	last          int32 // length in bytes of the last block
	begun         uint64
	lastServed    uint64     // when blocks were last picked to go on together with others
	reserved      bool       // for a peer on parole, as long as others find anything else
	owner         swarm.Peer // it is reserved for
	blocks        []block
	extraRequests []extraRequest
}

func (t *partial) length(n int) int {
	if n == len(t.blocks)-1 {
		return int(t.last)
	}
	return swarm.BlockLen
}

func (t *partial) block(n int) swarm.Block {
	return swarm.Block{Piece: int(t.piece), Begin: n * swarm.BlockLen, Length: t.length(n)}
}

// blockIndex returns which block of the piece b is, and whether it is one that is
// asked for.
func (t *partial) blockIndex(b swarm.Block) (int, bool) {
	n := b.Begin / swarm.BlockLen
	if b.Begin < 0 || b.Begin%swarm.BlockLen != 0 || n >= len(t.blocks) || b.Length != t.length(n) {
		return 0, false
	}
	return n, t.blocks[n].state != pad
}

// untouched reports whether nothing of the piece is asked or here.
func (t *partial) untouched() bool { return t.free == t.count }

// hasRequests reports whether a block of the piece is hasRequests and has not arrived.
func (t *partial) hasRequests() bool { return t.missing > t.free }

// requestedFrom reports whether peer p was asked for block n.
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

// dueAt returns when the first of the peers asked should have sent block n.
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

// onlyFrom reports whether no peer but p sends or sent blocks of the piece.
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

// findRun returns the first of n free blocks of the piece, or all that it has, that
// lie in a row; -1 if there is no such findRun.
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
