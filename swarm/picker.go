package swarm

import "time"

// A Peer is the engine's number for one connection, or one web seed. Numbers
// are not used again.
type Peer uint64

// A Picker chooses which blocks to ask of which peer.
//
// A Picker belongs to one torrent; its calls never overlap. Its methods do not
// block, read no clock and start no goroutine; pickers made alike and called
// alike answer alike. A call that names an unknown peer does nothing.
type Picker interface {
	// Join adds p, which has the pieces in have. The picker copies have.
	Join(p Peer, have Bitfield)

	// Have says that p now has a piece, or no longer (BEP 54).
	Have(p Peer, piece int, has bool)

	// Leave forgets p. Blocks asked of p alone become free to pick again.
	Leave(p Peer)

	// Wants reports whether p has a piece that is wanted and not held: our
	// interest in p.
	Wants(p Peer) bool

	// Pick appends to dst the blocks to ask of a peer, best first, and
	// counts them as asked.
	Pick(dst []Block, a Ask) []Block

	// Drop says that p will not send b: it choked us, refused, or was too
	// slow. If b was asked of p alone it becomes free to pick again.
	Drop(p Peer, b Block)

	// Arrive says that p sent b, and appends to dst the other peers that
	// were asked for it and may now be told to cancel. It reports whether
	// b was still missing; if not, the engine throws its bytes away.
	Arrive(dst []Peer, p Peer, b Block) (cancel []Peer, missing bool)

	// Held says that a piece is checked and written, also at the start.
	Held(piece int)

	// Lose says that blocks of a piece are missing once more, nil for all:
	// it failed its check, or what we held cannot be read.
	Lose(piece int, blocks []int)
}

// An Ask says what a Picker is asked for.
type Ask struct {
	Peer         Peer
	MaxBlocks    int           // blocks to pick at most
	MaxNewPieces int           // pieces to begin at most: those of which no block was asked for yet
	Only         []int         // pick from these pieces alone, because we are choked and they are allowed fast; nil for any
	First        []int         // pick from these pieces first, because the peer suggests them
	Exclusive    bool          // the peer is on parole: pick only from pieces of which nobody else sends or sent a block
	RunLength    int           // consecutive blocks that suit the peer, such as a web seed; 0 for no preference
	Spread       int           // pieces to pick from side by side, because they are hashed side by side; 0 or 1 for no preference
	Now          time.Time     // the time of the call
	Delay        time.Duration // from now until a block that is asked for arrives
}

// A Prioritizer is a Picker that takes orders.
type Prioritizer interface {
	Picker

	// SetPriority sets how much a piece is wanted: 0 not at all, 4 as usual, 7 most.
	SetPriority(piece, priority int)

	// SetDeadline says when a piece is needed; the zero time takes that back.
	SetDeadline(piece int, t time.Time)
}
