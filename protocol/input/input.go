package input

import (
	"net/netip"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/protocol/connection"
	"github.com/shoal-bt/shoal/protocol/effect"
	"github.com/shoal-bt/shoal/protocol/wanted"
	"github.com/shoal-bt/shoal/swarm"
)

// A Joined is a connection whose handshake is done.
type Joined struct {
	Peer       swarm.Peer
	Addr       netip.AddrPort
	ID         swarm.PeerID      // what the peer calls itself
	Swarm      swarm.ID          // the one of ours that the handshake named
	Outgoing   bool              // we dialed
	Fast       bool              // both sides speak the fast extension (BEP 6)
	Extended   bool              // both sides speak the extension protocol (BEP 10)
	DHT        bool              // the peer says that it has a node of the DHT (BEP 5)
	Greeted    bool              // an earlier owner sent HAVE NONE, if Fast, and an extension handshake, if Extended
	Interested bool              // an earlier owner said that we are interested
	Tally      *connection.Tally // shared with the connection's reader and writer
}

// A Received is what one read of a connection brought, in order.
type Received struct {
	Peer     swarm.Peer
	Messages []peerwire.Message
}

// A ReadFailed is a block that could not be read for a peer.
type ReadFailed struct {
	Peer  swarm.Peer
	Block swarm.Block
	Err   error
}

// A Say is a message of an extension (BEP 10) that was prepared outside.
type Say struct {
	Peer swarm.Peer
	Name string // of the extension
	Body []byte
}

// A Found is addresses of peers.
type Found struct {
	Addrs      []swarm.Address
	Swarms     addressbook.Swarms // where they were found; zero for all of ours
	FromSource bool               // a PeerSource answered; otherwise a user named them
	By         netip.Addr         // of the peer that named them, which counts instead; zero for none
	Tracker    string             // swarm.Answer.Tracker of the source
}

// An Unreached is a Dial that came to nothing.
type Unreached struct {
	Addr netip.AddrPort
	Why  addressbook.Outcome
	Err  error // for PeerFailed; nil for an address that was never tried
}

// A CheckResult is the answer to a Check of a whole piece.
type CheckResult struct {
	Piece  int
	Serial uint64
	From   int      // as in Check
	Blocks [][]byte // as in Check: the buffers come back with their units
	OK     bool     // the piece has the right bytes and is stored
	Bad    []int    // blocks that are known to be wrong; empty if that is not known
	Sums   []uint64 // a hash of each block of the piece, if Check.Sums was set or the piece is wrong and Bad is empty
	Err    error    // the piece could not be read or written
}

// A SectionDone is the answer to a Check of a section.
type SectionDone struct {
	Piece  int
	Serial uint64
	From   int      // as in Check
	Blocks [][]byte // as in Check: the buffers come back with their units
	Err    error    // the section could not be hashed or written
}

// A Written is the answer to a Spill.
type Written struct {
	Piece   int
	Serial  uint64
	Numbers []int
	Bufs    [][]byte
	Err     error
}

// A StoredChecked is what a part of a CheckStored found.
type StoredChecked struct {
	Round      int
	Pieces     []int // that were looked at
	Good       []int // of those, the right ones
	Unreadable []int // of those, the ones that Err is about
	Err        error
}

// A Prioritize gives pieces priorities.
type Prioritize struct {
	Runs   []wanted.Run // in the order in which they apply
	Ticket effect.Ticket
}

// SetDeadlines says when pieces are needed.
type SetDeadlines struct {
	Changes []wanted.Deadline // in the order in which they apply
	Ticket  effect.Ticket
}

// A SetSequential says whether pieces are begun in the order of their indices.
type SetSequential struct {
	On     bool
	Ticket effect.Ticket
}

// An Await is a call that waits for a piece, or for all.
type Await struct {
	Ticket effect.Ticket
	Piece  int
}
