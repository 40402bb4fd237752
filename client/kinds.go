package client

import "github.com/shoal-bt/shoal/engine"

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

// The events that are those of package engine, which has their fields. So a type switch
// needs no other package.
type (
	// Listening says where the client accepts connections.
	Listening = engine.Listening

	// Added says that the torrent is ready: its pieces were checked.
	Added = engine.Added

	// Checking says how far the check of stored pieces is.
	Checking = engine.Checking

	// Held is a piece that was stored when the torrent was added or checked.
	Held = engine.Held

	// Piece is a piece that passed its check and was written.
	Piece = engine.Piece

	// PieceFailed is a piece that did not pass its check, and who sent it.
	PieceFailed = engine.PieceFailed

	// Completed says that the last piece came in, and that all are synced.
	Completed = engine.Completed

	// Paused follows a call of Pause.
	Paused = engine.Paused

	// Resumed follows a call of Resume.
	Resumed = engine.Resumed

	// Removed says that the torrent was closed, and its storage too.
	Removed = engine.Removed

	// NothingWanted says that we want nothing more of any connected peer.
	NothingWanted = engine.NothingWanted

	// NoPeers says that nobody is connected and nobody is left to dial.
	NoPeers = engine.NoPeers

	// PeerConnected is a connection whose handshake is done.
	PeerConnected = engine.PeerConnected

	// PeerLost is a connection that ended, and why.
	PeerLost = engine.PeerLost

	// PeerFailed is an address that we dialed without getting a connection, and why.
	PeerFailed = engine.PeerFailed

	// PeerBlocked is an address that the engine's Config.Blocked refused.
	PeerBlocked = engine.PeerBlocked

	// PeerBanned is an address that is refused from now on.
	PeerBanned = engine.PeerBanned

	// SourceReply is an answer of a source, such as a tracker.
	SourceReply = engine.SourceReply

	// SourceFailed is an error of a source, such as a tracker.
	SourceFailed = engine.SourceError

	// Warning is a problem that does not stop the torrent.
	Warning = engine.Warning

	// Failed says that the torrent stopped with an error.
	Failed = engine.Failed

	// StatsTick comes each second, with the torrent's figures.
	StatsTick = engine.StatsTick
)
