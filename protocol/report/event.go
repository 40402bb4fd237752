package report

import (
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// An Event is something that happened to a torrent and that its user may want to know.
// Events are values; a type switch tells which. Those of one torrent come in order.
type Event interface {
	// Kind is the bit of the event's type.
	Kind() EventMask
}

// An EventMask is a set of kinds of events.
type EventMask uint32

// The kinds of events. Those that say so are reported by an engine: the State knows
// nothing of listeners, sources and other torrents.
const (
	OnListening EventMask = 1 << iota // by the engine
	OnAdded
	OnChecking
	OnPiece
	OnPieceFailed
	OnCompleted
	OnPaused
	OnResumed
	OnRemoved // by the engine
	OnNothingWanted
	OnNoPeers
	OnPeerConnected
	OnPeerLost
	OnPeerBlocked // by the engine
	OnPeerBanned
	OnSourceReply // by the engine
	OnSourceError // by the engine
	OnWarning     // by both
	OnFailed
	OnStats
	OnHeld
	OnPeerFailed
)

// CheapEvents are those that come seldom: none by piece, by connection or by the second.
// AllEvents are all there are.
const (
	CheapEvents = OnListening | OnAdded | OnPieceFailed | OnCompleted | OnPaused | OnResumed | OnRemoved |
		OnNothingWanted | OnNoPeers | OnPeerBanned | OnSourceReply | OnSourceError | OnWarning | OnFailed
	AllEvents = OnPeerFailed<<1 - 1
)

// The events. Torrent is the ID of the torrent that they are about.
type (
	// Held is a piece that was stored when the torrent was added or checked. All
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
		Have         swarm.Bitfield // what is held; it must not be changed
	}

	// Checking says how far the check of stored pieces is.
	Checking struct {
		Torrent     swarm.ID
		Done, Total int // pieces
	}

	// Piece is a piece that passed its check and was written.
	Piece struct {
		Torrent swarm.ID
		Piece   int
	}

	// PieceFailed is a piece that did not pass its check, and who sent it: the
	// senders of the wrong blocks if it is known which these are, otherwise all.
	PieceFailed struct {
		Torrent swarm.ID
		Piece   int
		Senders []netip.AddrPort
	}

	// Completed says that the last piece that is wanted came in, and that all that is wanted
	// was synced. It is reported again if more is wanted later and comes. A torrent of which
	// all that is wanted was there from the start does not report it.
	Completed struct {
		Torrent swarm.ID
		All     bool // every piece is held, also those that are not wanted
	}

	// Paused follows a call of Pause.
	Paused struct{ Torrent swarm.ID }

	// Resumed follows a call of Resume.
	Resumed struct{ Torrent swarm.ID }

	// NothingWanted says that we want nothing more of any connected peer.
	NothingWanted struct{ Torrent swarm.ID }

	// NoPeers says that the sources were asked, nobody is connected and nobody is
	// left to dial.
	NoPeers struct{ Torrent swarm.ID }

	// PeerConnected is a connection whose handshake is done.
	PeerConnected struct {
		Torrent  swarm.ID
		Addr     netip.AddrPort
		ID       swarm.PeerID
		Outgoing bool
	}

	// PeerLost is a connection that ended, and why. End.Harmless tells connections
	// that were no longer needed from those that were lost.
	PeerLost struct {
		Torrent swarm.ID
		Addr    netip.AddrPort
		Err     error
		End     End
	}

	// PeerFailed is an address that we dialed without getting a connection, and
	// why. From an engine, Err matches engine.ErrConnect or engine.ErrHandshake, and
	// context.DeadlineExceeded or os.ErrDeadlineExceeded if time ran out. An engine
	// also reports a peer that dialed us and sent no handshake that we accept; then
	// Torrent is zero, because it is not known.
	PeerFailed struct {
		Torrent swarm.ID
		Addr    netip.AddrPort
		Err     error
		Retry   time.Time // not dialed again before; zero if it is not dialed again
	}

	// PeerBanned is an address that is refused from now on: it sent wrong bytes, or
	// a user banned it.
	PeerBanned struct {
		Torrent swarm.ID
		Addr    netip.Addr
	}

	// Warning is a problem that does not stop the torrent.
	Warning struct {
		Torrent swarm.ID
		Err     error
	}

	// Failed says that the torrent stopped with an error. Resume tries again.
	Failed struct {
		Torrent swarm.ID
		Err     error
	}

	// StatsTick comes each second. A slow reader sees the last one.
	StatsTick struct {
		Time  time.Time
		Stats Stats
	}
)

// Kind returns the bit of the event's type.
func (Held) Kind() EventMask          { return OnHeld }
func (Added) Kind() EventMask         { return OnAdded }
func (Checking) Kind() EventMask      { return OnChecking }
func (Piece) Kind() EventMask         { return OnPiece }
func (PieceFailed) Kind() EventMask   { return OnPieceFailed }
func (Completed) Kind() EventMask     { return OnCompleted }
func (Paused) Kind() EventMask        { return OnPaused }
func (Resumed) Kind() EventMask       { return OnResumed }
func (NothingWanted) Kind() EventMask { return OnNothingWanted }
func (NoPeers) Kind() EventMask       { return OnNoPeers }
func (PeerConnected) Kind() EventMask { return OnPeerConnected }
func (PeerLost) Kind() EventMask      { return OnPeerLost }
func (PeerFailed) Kind() EventMask    { return OnPeerFailed }
func (PeerBanned) Kind() EventMask    { return OnPeerBanned }
func (Warning) Kind() EventMask       { return OnWarning }
func (Failed) Kind() EventMask        { return OnFailed }
func (StatsTick) Kind() EventMask     { return OnStats }
