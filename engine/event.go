package engine

import (
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// An Event is something that happened, worth telling a user. Events are values;
// a type switch tells which. Those of one torrent come in order.
type Event interface {
	// Kind is the bit of the event's type.
	Kind() EventMask
}

// An EventMask is a set of kinds of events.
type EventMask uint32

// The kinds of events.
const (
	OnListening EventMask = 1 << iota
	OnAdded
	OnChecking
	OnPiece
	OnPieceFailed
	OnCompleted
	OnPaused
	OnResumed
	OnRemoved
	OnNothingWanted
	OnNoPeers
	OnPeerConnected
	OnPeerLost
	OnPeerBlocked
	OnPeerBanned
	OnSourceReply
	OnSourceError
	OnWarning
	OnFailed
	OnStats
	OnHeld
	OnPeerFailed
)

// CheapEvents come seldom. The rest, by piece, by peer and by the second, are
// reported where they were asked for. AllEvents is everything.
const (
	CheapEvents = OnListening | OnAdded | OnPieceFailed | OnCompleted | OnPaused | OnResumed | OnRemoved |
		OnNothingWanted | OnNoPeers | OnPeerBanned | OnSourceReply | OnSourceError | OnWarning | OnFailed
	AllEvents = OnPeerFailed<<1 - 1
)

// The events. Torrent is the ID of the torrent that they are about.
type (
	// Listening says where the engine accepts connections.
	Listening struct{ Addr netip.AddrPort }

	// Held is a piece that was already there when the torrent was added. All
	// of them come before Added.
	Held struct {
		Torrent swarm.ID
		Piece   int
	}

	// Added says that the torrent is ready: its pieces were checked. It comes
	// again after each later check.
	Added struct {
		Torrent      swarm.ID
		Held, Pieces int
		Have         swarm.Bitfield // what is held; not to be changed
	}

	// Checking says how far the check of stored pieces is.
	Checking struct {
		Torrent     swarm.ID
		Done, Total int // pieces
	}

	// Piece is a piece that was checked and written.
	Piece struct {
		Torrent swarm.ID
		Piece   int
	}

	// PieceFailed is a piece that did not pass its check, and who sent it: those
	// whose blocks are wrong where the verdict tells, else all.
	PieceFailed struct {
		Torrent swarm.ID
		Piece   int
		Senders []netip.AddrPort
	}

	// Completed says that the last piece came in. A torrent that was whole
	// from the start does not report it.
	Completed struct{ Torrent swarm.ID }

	// Paused, Resumed and Removed follow the calls of those names.
	Paused  struct{ Torrent swarm.ID }
	Resumed struct{ Torrent swarm.ID }
	Removed struct{ Torrent swarm.ID }

	// NothingWanted says that nothing more is wanted of any peer that is connected.
	NothingWanted struct{ Torrent swarm.ID }

	// NoPeers says that the sources were asked and nobody is connected.
	NoPeers struct{ Torrent swarm.ID }

	// PeerConnected is a connection whose handshake is done.
	PeerConnected struct {
		Torrent  swarm.ID
		Addr     netip.AddrPort
		ID       swarm.PeerID
		Outgoing bool
	}

	// PeerLost is a connection that ended, and why.
	PeerLost struct {
		Torrent swarm.ID
		Addr    netip.AddrPort
		Err     error
	}

	// PeerFailed is an address that we dialed and that became no connection,
	// and why. Err matches ErrConnect or ErrHandshake, and where time ran out
	// context.DeadlineExceeded or os.ErrDeadlineExceeded.
	PeerFailed struct {
		Torrent swarm.ID
		Addr    netip.AddrPort
		Err     error
	}

	// PeerBlocked is an address that Config.Blocked refused. Torrent is zero for
	// one that dialed us: it had not said yet what it wants.
	PeerBlocked struct {
		Torrent swarm.ID
		Addr    netip.Addr
	}

	// PeerBanned is an address that is kept out from now on: it sent wrong
	// bytes, or Ban was called.
	PeerBanned struct {
		Torrent swarm.ID
		Addr    netip.Addr
	}

	// SourceReply is an answer of a source. Peers is the number of addresses.
	SourceReply struct {
		Torrent swarm.ID
		Source  swarm.PeerSource
		Answer  swarm.Answer
		Peers   int
	}

	// SourceError is a source's error, and how many it gave in a row.
	SourceError struct {
		Torrent swarm.ID
		Source  swarm.PeerSource
		Err     error
		Errors  int
	}

	// Warning is trouble that the torrent goes on with.
	Warning struct {
		Torrent swarm.ID
		Err     error
	}

	// Failed says that the torrent stopped with an error. Resume tries again.
	Failed struct {
		Torrent swarm.ID
		Err     error
	}

	// StatsTick comes each second. A reader who is slow sees the last one.
	StatsTick struct {
		Time  time.Time
		Stats Stats
	}
)

// Kind returns the bit of the event's type.
func (Listening) Kind() EventMask     { return OnListening }
func (Held) Kind() EventMask          { return OnHeld }
func (Added) Kind() EventMask         { return OnAdded }
func (Checking) Kind() EventMask      { return OnChecking }
func (Piece) Kind() EventMask         { return OnPiece }
func (PieceFailed) Kind() EventMask   { return OnPieceFailed }
func (Completed) Kind() EventMask     { return OnCompleted }
func (Paused) Kind() EventMask        { return OnPaused }
func (Resumed) Kind() EventMask       { return OnResumed }
func (Removed) Kind() EventMask       { return OnRemoved }
func (NothingWanted) Kind() EventMask { return OnNothingWanted }
func (NoPeers) Kind() EventMask       { return OnNoPeers }
func (PeerConnected) Kind() EventMask { return OnPeerConnected }
func (PeerLost) Kind() EventMask      { return OnPeerLost }
func (PeerFailed) Kind() EventMask    { return OnPeerFailed }
func (PeerBlocked) Kind() EventMask   { return OnPeerBlocked }
func (PeerBanned) Kind() EventMask    { return OnPeerBanned }
func (SourceReply) Kind() EventMask   { return OnSourceReply }
func (SourceError) Kind() EventMask   { return OnSourceError }
func (Warning) Kind() EventMask       { return OnWarning }
func (Failed) Kind() EventMask        { return OnFailed }
func (StatsTick) Kind() EventMask     { return OnStats }
