package client

import (
	"github.com/shoal-bt/shoal/engine"
)

// The kinds of events of a torrent's engine; OnFile is the client's own.
const (
	OnListening     = engine.OnListening
	OnAdded         = engine.OnAdded
	OnChecking      = engine.OnChecking
	OnHeld          = engine.OnHeld
	OnPiece         = engine.OnPiece
	OnPieceFailed   = engine.OnPieceFailed
	OnCompleted     = engine.OnCompleted
	OnPaused        = engine.OnPaused
	OnResumed       = engine.OnResumed
	OnRemoved       = engine.OnRemoved
	OnNothingWanted = engine.OnNothingWanted
	OnNoPeers       = engine.OnNoPeers
	OnPeerConnected = engine.OnPeerConnected
	OnPeerLost      = engine.OnPeerLost
	OnPeerFailed    = engine.OnPeerFailed
	OnPeerBlocked   = engine.OnPeerBlocked
	OnPeerBanned    = engine.OnPeerBanned
	OnSourceReply   = engine.OnSourceReply
	OnSourceError   = engine.OnSourceError
	OnWarning       = engine.OnWarning
	OnFailed        = engine.OnFailed
	OnStats         = engine.OnStats
)

// The ends of connections, in PeerLost.
const (
	EndLost      = engine.EndLost
	EndTimeout   = engine.EndTimeout
	EndBroken    = engine.EndBroken
	EndFlood     = engine.EndFlood
	EndBanned    = engine.EndBanned
	EndDuplicate = engine.EndDuplicate
	EndUseless   = engine.EndUseless
	EndIdle      = engine.EndIdle
	EndReplaced  = engine.EndReplaced
	EndRemoved   = engine.EndRemoved
	EndStopped   = engine.EndStopped
)

// The events that package engine has too, so that a type switch needs no other package.
type (
	// Listening says where the client accepts connections.
	Listening = engine.Listening

	// Added says that a torrent is ready, because its pieces were checked.
	Added = engine.Added

	// Checking says how far a check is.
	Checking = engine.Checking

	// Held is a piece that was found when a torrent was added or checked.
	Held = engine.Held

	// Piece is a piece that was downloaded, checked and written.
	Piece = engine.Piece

	// PieceFailed is a piece that did not pass its check.
	PieceFailed = engine.PieceFailed

	// Completed says that the last piece that is wanted came in, and that all that is wanted is
	// synced. It is emitted again if more is wanted later and comes.
	Completed = engine.Completed

	// Paused follows a Pause.
	Paused = engine.Paused

	// Resumed follows a Resume.
	Resumed = engine.Resumed

	// Removed says that a torrent was removed or closed; it is its last event.
	Removed = engine.Removed

	// NothingWanted says that no connected peer has anything that is missing.
	NothingWanted = engine.NothingWanted

	// NoPeers says that nobody is connected and nobody can be dialed.
	NoPeers = engine.NoPeers

	// PeerConnected is a connection whose handshake is done.
	PeerConnected = engine.PeerConnected

	// PeerLost is a connection that ended, and why.
	PeerLost = engine.PeerLost

	// PeerFailed is an address without a connection, why, and when it is dialed again.
	PeerFailed = engine.PeerFailed

	// PeerBlocked is an address that Config.Engine.Blocked refused.
	PeerBlocked = engine.PeerBlocked

	// PeerBanned is an address that is refused from now on.
	PeerBanned = engine.PeerBanned

	// SourceReply is an answer of a tracker or another source.
	SourceReply = engine.SourceReply

	// SourceFailed is a failure of a tracker or another source; ErrorOf returns its *SourceError.
	SourceFailed = engine.SourceError

	// Warning is a problem that does not stop a torrent.
	Warning = engine.Warning

	// Failed says that a torrent stopped with an error.
	Failed = engine.Failed

	// StatsTick is the state of a running torrent, once a second.
	StatsTick = engine.StatsTick

	// End is why a connection ended, in PeerLost. Its method Harmless tells connections
	// that were no longer needed from those that were lost.
	End = engine.End
)

// PhaseFetching is the phase of a torrent whose metadata is being fetched. Package engine has
// the others.
const PhaseFetching = engine.PhaseFetching
