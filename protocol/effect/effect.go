package effect

import (
	"net/netip"

	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/swarm"
)

// An Effect is something to do outside the State. The types below are all there
// are. The caller carries them out in order. While it does, it applies nothing: what
// follows from an Effect comes back as an Input of a later turn.
type Effect interface{ effect() }

// A Ticket is the caller's number for a call that waits, such as protocol.Await. The effect Answer ends it. The caller does not use a number twice.
type Ticket uint64

// What to do with connections.
type (
	// Accept lets the reader and the writer of a connection begin.
	Accept struct{ Peer swarm.Peer }

	// Hangup closes a connection. Gone follows if it was accepted. It may name a
	// connection that is closed already.
	Hangup struct {
		Peer swarm.Peer
		Why  error
	}

	// Dial connects to an address and shakes hands in one of the torrent's swarms.
	// Joined or Unreached follows.
	Dial struct {
		Addr  netip.AddrPort
		Swarm int  // index in protocol.Setup.Swarms
		First bool // it was never dialed; if other dials wait for it, a third of the usual time must do
	}
)

// What to do with pieces.
type (
	// Check hashes a piece, or a section of it, and writes it if it passes.
	// CheckResult follows; for a section SectionsHashed as soon as it is hashed, and then
	// SectionDone. The caller owns Blocks until CheckResult or SectionDone.
	Check struct {
		Piece   int
		Serial  uint64   // to be returned with the answer
		From    int      // number of the first of Blocks
		Blocks  [][]byte // in order; nil for a block that is stored or all pad
		State   any      // what SectionsHashed brought for the blocks before From
		Section bool     // Blocks end before the piece does
		Stored  bool     // some of Blocks must be read from the Storage
		Sums    bool     // hash each block of the piece as well, with a hash that peers cannot predict
		Urgent  bool     // the piece is needed soon: hash it without waiting for another one
		Soon    bool     // another piece or section follows within protocol.HashWait: waiting for it lets both be hashed side by side
	}

	// Hurry hashes at once what waits for other pieces, because memory is short.
	Hurry struct{}

	// Spill writes blocks of a piece that is not complete. Written follows.
	Spill struct {
		Piece   int
		Serial  uint64 // to be returned with the answer
		Numbers []int  // the blocks, in rising order
		Bufs    [][]byte
	}

	// CheckStored checks pieces against the Storage. StoredChecked follows any
	// number of times, then StoredDone.
	CheckStored struct {
		Pieces swarm.Bitfield
		Round  int // to be returned with the answers
	}

	// Complete tells the Storage that every piece that is wanted is held, so that it makes
	// them outlast a power cut: by swarm.Complete if every piece is held, and by swarm.Sync
	// otherwise. Synced follows.
	Complete struct {
		All bool // every piece is held
	}

	// Idle tells the Storage that nobody uses it for a while (swarm.Idle).
	Idle struct{}
)

// What to tell others.
type (
	// Announce calls the torrent's sources with protocol.State.Announcement.
	Announce struct {
		Event swarm.Event // for all sources; None means that more peers are wanted
		Soon  bool        // before the next call is due, but not before the source allows it
		Asked bool        // by a user: also the sources that failed and wait to be tried again
	}

	// Report gives an event to all listeners.
	Report struct{ Event report.Event }

	// DHTNode names a node of the DHT (BEP 5): a peer said that it has one there, which may be
	// a lie.
	DHTNode struct{ Addr netip.AddrPort }

	// Answer ends the call that waits with a ticket.
	Answer struct {
		Ticket Ticket
		Err    error
	}
)

func (Accept) effect()      {}
func (Hangup) effect()      {}
func (Dial) effect()        {}
func (Check) effect()       {}
func (Hurry) effect()       {}
func (Spill) effect()       {}
func (CheckStored) effect() {}
func (Complete) effect()    {}
func (Idle) effect()        {}
func (Announce) effect()    {}
func (Report) effect()      {}
func (DHTNode) effect()     {}
func (Answer) effect()      {}
