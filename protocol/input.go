package protocol

import (
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/protocol/pieces"
	"github.com/shoal-bt/shoal/swarm"
)

// An Input is something that happened outside the State. The types below are all
// there are. Slices in an Input belong to the State from Apply on.
type Input interface {
	apply(now time.Time, s *State)
}

// What happens to connections.
type (
	// Joined says that the handshake of a connection is done. The effect Accept
	// or Hangup follows. The caller must be able to find the connection by Peer
	// before it applies Joined.
	Joined struct {
		Peer       swarm.Peer
		Addr       netip.AddrPort
		ID         swarm.PeerID // what the peer calls itself
		Swarm      swarm.ID     // the one of ours that the handshake named
		Outgoing   bool         // we dialed
		Fast       bool         // both sides speak the fast extension (BEP 6)
		Extended   bool         // both sides speak the extension protocol (BEP 10)
		Greeted    bool         // an earlier owner sent HAVE NONE, if Fast, and an extension handshake, if Extended
		Interested bool         // an earlier owner said that we are interested
		Tally      *Tally       // shared with the connection's reader and writer
	}

	// Received is what one read of a connection brought, in order. Each Piece
	// went through Tally.Admit: its Data is a buffer that Memory gave out, or nil.
	// It is passed as a pointer so that a reader can use it again after Settle.
	Received struct {
		Peer     swarm.Peer
		Messages []peerwire.Message
	}

	// Gone says that a connection's reader and writer have ended, and why. No
	// Input about the peer may follow.
	Gone struct {
		Peer swarm.Peer
		Err  error
	}

	// ReadFailed says that a block we had promised to a peer could not be read.
	ReadFailed struct {
		Peer  swarm.Peer
		Block swarm.Block
		Err   error
	}

	// Say sends a message of an extension (BEP 10) that was prepared outside, such as
	// one that needed the disk. It is dropped if the peer has gone or does not have the
	// extension.
	Say struct {
		Peer swarm.Peer
		Name string // of the extension
		Body []byte
	}

	// Found brings addresses of peers.
	Found struct {
		Addrs      []swarm.Address
		Swarms     addressbook.Swarms // where they were found; zero for all of ours
		FromSource bool               // a PeerSource answered; otherwise a user named them
		Tracker    string             // swarm.Answer.Tracker of the source
	}

	// OwnAddress says by which address somebody sees us: a peer, or a PeerSource, of which
	// From is zero.
	OwnAddress struct{ From, Addr netip.Addr }

	// Unreached says that a Dial came to nothing.
	Unreached struct {
		Addr netip.AddrPort
		Why  addressbook.Outcome
		Err  error // for PeerFailed; nil for an address that was never tried
	}
)

// HashedSection is one of SectionsHashed.
type HashedSection = pieces.HashedSection

// What happens to pieces.
type (
	// CheckResult is the answer to a Check of a whole piece. A piece that passed
	// is written by then.
	CheckResult struct {
		Piece  int
		Serial uint64
		From   int      // as in Check
		Blocks [][]byte // as in Check: the buffers come back with their units
		OK     bool     // the piece has the right bytes and is stored
		Bad    []int    // blocks that are known to be wrong; empty if that is not known
		Sums   []uint64 // a hash of each block of the piece, if Check.Sums was set or the piece is wrong and Bad is empty
		Err    error    // the piece could not be read or written
	}

	// SectionsHashed says that sections were hashed side by side, and are being written.
	// The next ones may be checked meanwhile. SectionDone follows for each.
	SectionsHashed struct{ Sections []HashedSection }

	// SectionDone is the answer to a Check of a section. SectionsHashed came before, unless
	// the verifier failed.
	SectionDone struct {
		Piece  int
		Serial uint64
		From   int      // as in Check
		Blocks [][]byte // as in Check: the buffers come back with their units
		Err    error    // the section could not be hashed or written
	}

	// Written is the answer to a Spill.
	Written struct {
		Piece   int
		Serial  uint64
		Numbers []int
		Bufs    [][]byte
		Err     error
	}

	// StoredChecked is what a part of a CheckStored found. Err is why pieces could not be
	// read; a missing file is no such error. It keeps the torrent from going on, unless
	// that only uploads.
	StoredChecked struct {
		Round      int
		Pieces     []int // that were looked at
		Good       []int // of those, the right ones
		Unreadable []int // of those, the ones that Err is about
		Err        error
	}

	// StoredDone ends a CheckStored.
	StoredDone struct{ Round int }

	// Synced is the answer to Complete. Err says that some of the torrent may not be
	// stored.
	Synced struct{ Err error }

	// StorageFailed says that the Storage met an error outside of the calls that
	// effects ask for, such as a sync that the caller made.
	StorageFailed struct{ Err error }
)

// What happens to time and memory.
type (
	// Tick says that the time Turn.Next has come. It may come early.
	Tick struct{}

	// Refilled says that Memory has units again, after Reserve gave none.
	Refilled struct{}

	// Reclaim asks for memory: another torrent, or this one, got none. The State
	// answers with Memory.Reclaimed.
	Reclaim struct{}
)

// What users ask for.
type (
	// Start is the first Input.
	Start struct{}

	// Pause ends all connections until Resume.
	Pause struct{}

	// Resume ends a pause. A torrent that failed is checked first.
	Resume struct{}

	// Recheck ends all connections, checks what is stored, and goes on with that.
	// Ticket is answered when the check is done; zero if nobody waits.
	Recheck struct{ Ticket Ticket }

	// Await is answered when a piece is held or, if Piece is negative, when every piece
	// is held and synced; with an error if the torrent fails or is closed.
	Await struct {
		Ticket Ticket
		Piece  int
	}

	// Forget says that nobody waits for a Ticket any more. If it was answered earlier
	// in the same turn, the Answer is among the Effects all the same.
	Forget struct{ Ticket Ticket }

	// Reannounce asks all sources for peers as soon as they allow it.
	Reannounce struct{}

	// Disconnect ends the connections to an address.
	Disconnect struct{ Addr netip.AddrPort }

	// Ban ends all connections to an address and refuses it from then on.
	Ban struct{ Addr netip.Addr }

	// Use says that a user reads the torrent's bytes, so it is not idle.
	Use struct{}

	// Close ends all connections, writes what is in memory and answers all
	// tickets. Only the answers to effects and Gone may follow, and then Finish.
	Close struct{}

	// Finish is the last Input: blocks that are still in memory are dropped.
	Finish struct{}
)
