package protocol

import (
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/protocol/input"
	"github.com/shoal-bt/shoal/protocol/pieces"
	"github.com/shoal-bt/shoal/swarm"
)

// An Input is something that happened outside the State. The types below are all
// there are; package input has the fields of those that have several. Slices in an Input belong
// to the State from Apply on.
type Input interface {
	apply(now time.Time, s *State)
}

// What happens to connections.
type (
	// Joined says that the handshake of a connection is done. The effect Accept
	// or Hangup follows. The caller must be able to find the connection by Peer
	// before it applies Joined.
	Joined input.Joined

	// Received is what one read of a connection brought, in order. Each Piece
	// went through Tally.Admit: its Data is a buffer that Memory gave out, or nil.
	// It is passed as a pointer so that a reader can use it again after Settle.
	Received input.Received

	// Gone says that a connection's reader and writer have ended, and why. No
	// Input about the peer may follow.
	Gone struct {
		Peer swarm.Peer
		Err  error
	}

	// ReadFailed says that a block we had promised to a peer could not be read.
	ReadFailed input.ReadFailed

	// Say sends a message of an extension (BEP 10) that was prepared outside, such as
	// one that needed the disk. It is dropped if the peer has gone or does not have the
	// extension.
	Say input.Say

	// Found brings addresses of peers.
	Found input.Found

	// OwnAddress says by which address somebody sees us: a peer, or a PeerSource, of which
	// From is zero.
	OwnAddress struct{ From, Addr netip.Addr }

	// DHTPort says at which UDP port our node of the DHT listens, 0 for none. Peers that have a
	// node hear of it, unless the torrent is private.
	DHTPort struct{ Port uint16 }

	// Unreached says that a Dial came to nothing.
	Unreached input.Unreached
)

// HashedSection is one of SectionsHashed.
type HashedSection = pieces.HashedSection

// What happens to pieces.
type (
	// CheckResult is the answer to a Check of a whole piece. A piece that passed
	// is written by then.
	CheckResult input.CheckResult

	// SectionsHashed says that sections were hashed side by side, and are being written.
	// The next ones may be checked meanwhile. SectionDone follows for each.
	SectionsHashed struct{ Sections []HashedSection }

	// SectionDone is the answer to a Check of a section. SectionsHashed came before, unless
	// the verifier failed.
	SectionDone input.SectionDone

	// Written is the answer to a Spill.
	Written input.Written

	// StoredChecked is what a part of a CheckStored found. Err is why pieces could not be
	// read; a missing file is no such error. It keeps the torrent from going on, unless
	// that only uploads.
	StoredChecked input.StoredChecked

	// StoredDone ends a CheckStored.
	StoredDone struct{ Round int }

	// Synced is the answer to Complete. Err says that some of what is wanted may not be
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

	// Prioritize gives pieces priorities, from 0, not wanted, to 7. It is answered in the
	// same turn: with a *RangeError, and then nothing was changed, with ErrNotPrioritizer or
	// with ErrClosed. Each run of pieces costs as much as it is long, also if another one
	// covers it.
	Prioritize input.Prioritize

	// SetDeadlines says when pieces are needed, until they are held. All of it is one change,
	// such as a seek. A piece that is not wanted gets priority 1. It is answered like
	// Prioritize.
	SetDeadlines input.SetDeadlines

	// ClearDeadlines takes all deadlines back.
	ClearDeadlines struct{ Ticket Ticket }

	// SetSequential says whether, of pieces of the same priority, those of a lower index are
	// begun first. It is answered in the same turn, with ErrNotSequencer or with ErrClosed.
	SetSequential input.SetSequential

	// Await is answered when a piece is held or, if Piece is negative, when every piece
	// that is wanted is held and synced; with an error if the torrent fails or is closed, and
	// with ErrNotWanted if the piece is not wanted.
	Await input.Await

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
