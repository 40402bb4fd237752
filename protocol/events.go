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

// The events.
type (
	Held          = report.Held
	Added         = report.Added
	Checking      = report.Checking
	Piece         = report.Piece
	PieceFailed   = report.PieceFailed
	Completed     = report.Completed
	Paused        = report.Paused
	Resumed       = report.Resumed
	NothingWanted = report.NothingWanted
	NoPeers       = report.NoPeers
	PeerConnected = report.PeerConnected
	PeerLost      = report.PeerLost
	PeerFailed    = report.PeerFailed
	PeerBanned    = report.PeerBanned
	Warning       = report.Warning
	Failed        = report.Failed
	StatsTick     = report.StatsTick
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
)
