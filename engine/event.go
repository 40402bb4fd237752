package engine

import (
	"net/netip"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/swarm"
)

// An Event is something that happened and that a user may want to know. Events are
// values; a type switch finds out which. Those of one torrent come in order.
type Event = protocol.Event

// An EventMask is a set of kinds of events.
type EventMask = protocol.EventMask

// The kinds of events.
const (
	OnListening     = report.OnListening
	OnAdded         = report.OnAdded
	OnChecking      = report.OnChecking
	OnPiece         = report.OnPiece
	OnPieceFailed   = report.OnPieceFailed
	OnCompleted     = report.OnCompleted
	OnPaused        = report.OnPaused
	OnResumed       = report.OnResumed
	OnRemoved       = report.OnRemoved
	OnNothingWanted = report.OnNothingWanted
	OnNoPeers       = report.OnNoPeers
	OnPeerConnected = report.OnPeerConnected
	OnPeerLost      = report.OnPeerLost
	OnPeerBlocked   = report.OnPeerBlocked
	OnPeerBanned    = report.OnPeerBanned
	OnSourceReply   = report.OnSourceReply
	OnSourceError   = report.OnSourceError
	OnWarning       = report.OnWarning
	OnFailed        = report.OnFailed
	OnStats         = report.OnStats
	OnHeld          = report.OnHeld
	OnPeerFailed    = report.OnPeerFailed
)

// An End is why a connection ended; see PeerLost.
type End = protocol.End

// The ends of connections.
const (
	EndLost      = report.EndLost
	EndTimeout   = report.EndTimeout
	EndBroken    = report.EndBroken
	EndFlood     = report.EndFlood
	EndBanned    = report.EndBanned
	EndDuplicate = report.EndDuplicate
	EndUseless   = report.EndUseless
	EndIdle      = report.EndIdle
	EndReplaced  = report.EndReplaced
	EndRemoved   = report.EndRemoved
	EndStopped   = report.EndStopped
)

// CheapEvents are those that are rare. The others come for each piece, each peer or each
// second, and are reported only if a Config asks for them. AllEvents is everything.
const (
	CheapEvents = report.CheapEvents
	AllEvents   = report.AllEvents
)

// The events that a torrent's protocol reports; package protocol/report has their fields.
type (
	// Held is a piece that was stored when the torrent was added or checked.
	Held = report.Held

	// Added says that the torrent is ready: its pieces were checked.
	Added = report.Added

	// Checking says how far the check of stored pieces is.
	Checking = report.Checking

	// Piece is a piece that passed its check and was written.
	Piece = report.Piece

	// PieceFailed is a piece that did not pass its check, and who sent it.
	PieceFailed = report.PieceFailed

	// Completed says that the last piece came in, and that all are synced.
	Completed = report.Completed

	// Paused follows a call of Pause.
	Paused = report.Paused

	// Resumed follows a call of Resume.
	Resumed = report.Resumed

	// NothingWanted says that we want nothing more of any connected peer.
	NothingWanted = report.NothingWanted

	// NoPeers says that nobody is connected and nobody is left to dial.
	NoPeers = report.NoPeers

	// PeerConnected is a connection whose handshake is done.
	PeerConnected = report.PeerConnected

	// PeerLost is a connection that ended, and why.
	PeerLost = report.PeerLost

	// PeerFailed is an address that we dialed without getting a connection, and why.
	PeerFailed = report.PeerFailed

	// PeerBanned is an address that is refused from now on.
	PeerBanned = report.PeerBanned

	// Warning is a problem that does not stop the torrent.
	Warning = report.Warning

	// Failed says that the torrent stopped with an error.
	Failed = report.Failed

	// StatsTick comes each second, with the torrent's figures.
	StatsTick = report.StatsTick
)

// The events that the engine reports. Torrent is the ID of the torrent that they are
// about.
type (
	// Listening says where the engine accepts connections.
	Listening struct{ Addr netip.AddrPort }

	// Removed says that a torrent was closed, and its Storage too. It is the last
	// event that the engine reports of it.
	Removed struct{ Torrent swarm.ID }

	// PeerBlocked is an address that Config.Blocked refused. Torrent is zero if it
	// dialed us, because it has not named a swarm by then.
	PeerBlocked struct {
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

	// SourceError is an error of a source. Errors is how many came in a row.
	SourceError struct {
		Torrent swarm.ID
		Source  swarm.PeerSource
		Err     error
		Errors  int
	}
)

// Kind returns the bit of the event's type.
func (Listening) Kind() EventMask   { return OnListening }
func (Removed) Kind() EventMask     { return OnRemoved }
func (PeerBlocked) Kind() EventMask { return OnPeerBlocked }
func (SourceReply) Kind() EventMask { return OnSourceReply }
func (SourceError) Kind() EventMask { return OnSourceError }

// TorrentOf returns the torrent that an event is about; the zero ID for none.
func TorrentOf(e Event) swarm.ID {
	switch e := e.(type) {
	case Removed:
		return e.Torrent
	case PeerBlocked:
		return e.Torrent
	case SourceReply:
		return e.Torrent
	case SourceError:
		return e.Torrent
	}
	return report.TorrentOf(e)
}
