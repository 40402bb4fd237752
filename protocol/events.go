package protocol

import "github.com/shoal-bt/shoal/protocol/report"

// What the users of a torrent see; see package report.
type (
	// An Event is something that happened to a torrent.
	Event = report.Event

	// An EventMask is a set of kinds of events.
	EventMask = report.EventMask

	// A Phase is what a torrent is doing.
	Phase = report.Phase

	// Stats are the figures of a torrent at one moment.
	Stats = report.Stats

	// PeerStats are the figures of one connection at one moment.
	PeerStats = report.PeerStats

	// A Flow is bytes in one direction.
	Flow = report.Flow

	// An End is why a connection ended.
	End = report.End
)

// The events; package report has their fields.
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

// The kinds of events, and sets of them.
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
	CheapEvents     = report.CheapEvents
	AllEvents       = report.AllEvents
)

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

// The phases of a torrent's life.
const (
	PhaseChecking = report.PhaseChecking
	PhaseRunning  = report.PhaseRunning
	PhasePaused   = report.PhasePaused
	PhaseFailed   = report.PhaseFailed
	PhaseClosed   = report.PhaseClosed
	PhaseFetching = report.PhaseFetching
)
