package swarm

import "time"

// A Peer is the engine's number for one connection, or for one web seed. The engine
// never uses a number again.
type Peer uint64

// A Picker chooses which blocks to request from which peer.
//
// A Picker belongs to one torrent; its calls never overlap. Its methods must not block,
// and must leave no goroutine running. Pickers that were made alike and called alike must
// answer alike, so they read no clock: time comes with an Ask. A call that names an
// unknown peer must do nothing: Wants returns false, Pick and Arrive return dst as it is.
//
// A block of a piece that is not held is missing until it arrives. A block is requested
// from a peer from the Pick that returned it until Drop, Arrive, Held or Leave ends the
// request. A piece is begun once one of its blocks was requested or arrived, or the
// piece was held. A piece is wanted unless SetPriority made its priority 0.
//
// The end game (https://www.bittorrent.org/beps/bep_0003.html#peer-messages) is on
// while at least one missing block of a wanted piece is requested, and every other
// missing block of a wanted piece is requested too, or no peer has it.
//
// Nothing of a piece that is all pad can be requested. The engine checks such pieces by
// itself and calls Held for them.
type Picker interface {
	// Join adds p, which has the pieces in have; nil means none. The picker
	// must copy have. A later Have of one peer must not change what another
	// one has.
	Join(p Peer, have Bitfield)

	// Have says that p now has a piece, or no longer
	// (https://www.bittorrent.org/beps/bep_0054.html). It may repeat what is
	// known.
	Have(p Peer, piece int, has bool)

	// Leave forgets p and ends its requests. Blocks requested from p alone
	// become free to pick; requests to other peers stay.
	Leave(p Peer)

	// Wants reports whether p has a piece that is wanted and not held, which
	// means that we are interested in p. A piece whose blocks have all arrived
	// counts until it is held.
	Wants(p Peer) bool

	// Pick appends to dst the blocks to request from a peer, best first, and
	// counts them as requested.
	//
	// It must only return missing blocks for which Geometry.Contains is true, so
	// without the pad at their end, of wanted pieces that the peer has, and
	// never a block that is requested from this peer already. It must not
	// return a block that is requested from another peer, unless the end game
	// is on or the piece ever had a deadline. Without Exclusive, and with
	// MaxNewPieces large enough, it must return MaxBlocks blocks if as many of
	// those that it may pick from are requested from nobody. Of pieces with a
	// deadline it may leave blocks that other peers should send sooner, but not
	// all blocks that this peer has if none is requested from it.
	Pick(dst []Block, a Ask) []Block

	// Drop says that p will not send b: it choked us, rejected the request, or
	// was too slow. If b was requested from p alone, b becomes free to pick.
	// If b was not requested from p, or is no block of the torrent, Drop must
	// do nothing.
	Drop(p Peer, b Block)

	// Arrive says that p sent b, and appends to dst the other peers from which
	// b is requested, in any order, so that the engine can cancel there. It
	// reports whether b was missing; if not, the engine discards the bytes. A
	// missing block must count also if it was never requested from p, or was
	// dropped. A block of a held piece, and one for which Geometry.Contains is
	// false, is not missing.
	Arrive(dst []Peer, p Peer, b Block) (cancel []Peer, missing bool)

	// Held says that a piece is checked and written, or was found in the
	// Storage at the start. It ends every request for the piece. It may be
	// called again.
	Held(piece int)

	// Lose says that blocks of a piece are missing again, because the piece
	// failed its check or cannot be read. blocks are numbers of blocks in the
	// piece; nil means all. Numbers of no block, and of blocks that are all
	// pad, must be ignored. Requests stay. If the piece was held and blocks
	// names only some, the others count as arrived.
	Lose(piece int, blocks []int)
}

// An Ask says which blocks Pick is to choose.
type Ask struct {
	Peer Peer // from which the blocks will be requested

	// MaxBlocks is the number of blocks to return at most. If it is not
	// positive, Pick must return none.
	MaxBlocks int

	// MaxNewPieces is the number of pieces that Pick may begin at most. Pieces
	// that are begun, by whichever peer, do not count.
	MaxNewPieces int

	// Only lists the pieces to pick from, because the peer chokes us and these
	// are allowed fast; nil means any piece, an empty list none. Indices of no
	// piece must be ignored.
	Only []int

	// First lists pieces that the peer suggests: their blocks must come before
	// those of other pieces, but for pieces with a deadline. Those that the peer
	// does not have, and indices of no piece, must be ignored.
	First []int

	// Exclusive says that the peer is on parole: Pick must only return blocks
	// of pieces of which no other peer sends or sent a block.
	Exclusive bool

	// RunLength is how many consecutive blocks suit the peer, such as a web
	// seed; 0 means no preference. It must not make Pick return fewer blocks.
	RunLength int

	// Spread is how many pieces to pick from side by side, because they are
	// hashed side by side; 0 and 1 mean no preference. It must not make Pick
	// return fewer blocks.
	Spread int

	Now time.Time // the time of the call
	// Delay is how long from Now the first block that is picked should take to arrive, and Each
	// how much longer each block after it. Each is 0 if the peer's rate is not known.
	Delay, Each time.Duration
}

// These are optional abilities of a Picker. Every rule of Picker holds for them too.
type (
	// A Prioritizer is a Picker that takes orders.
	Prioritizer interface {
		Picker

		// SetPriority sets how much a piece is wanted, from 0, not at all, to
		// 7, most; 4 is the default. Of pieces that are not begun, those of a
		// higher priority must come first. Requests stay when a priority
		// changes, and a block that arrives still counts.
		SetPriority(piece, priority int)

		// SetDeadline says when a piece is needed; the zero time takes that
		// back. Pieces with a deadline must come before others, the nearest
		// deadline first, unless other peers should send them sooner. A
		// block of such a piece may be requested from several peers if it
		// would be late.
		SetDeadline(piece int, t time.Time)
	}

	// A Sequencer is a Picker that can begin pieces in the order of their indices.
	Sequencer interface {
		Picker

		// SetSequential says whether, of pieces of the same priority that are not
		// begun, those of a lower index must come first. At first, and after a call
		// with false, the order is the picker's own. It may be called at any time
		// and again. Deadlines, Ask.First and pieces that are begun come before this
		// order, as they come before the picker's own.
		SetSequential(on bool)
	}

	// An EndGamer is a Picker that says when its end game is on. The function EndGame
	// uses it.
	EndGamer interface {
		// EndGame reports whether the end game is on, as Picker defines it,
		// whether or not the picker requests blocks twice then.
		EndGame() bool
	}
)

// EndGame reports whether the end game of p is on. It is false if p is no EndGamer.
func EndGame(p Picker) bool {
	e, ok := p.(EndGamer)
	return ok && e.EndGame()
}
