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

// The events that are those of package engine, which describes each. So a type switch
// needs no other package.
type (
	Listening     = engine.Listening
	Added         = engine.Added
	Checking      = engine.Checking
	Held          = engine.Held
	Piece         = engine.Piece
	PieceFailed   = engine.PieceFailed
	Completed     = engine.Completed
	Paused        = engine.Paused
	Resumed       = engine.Resumed
	Removed       = engine.Removed
	NothingWanted = engine.NothingWanted
	NoPeers       = engine.NoPeers
	PeerConnected = engine.PeerConnected
	PeerLost      = engine.PeerLost
	PeerFailed    = engine.PeerFailed
	PeerBlocked   = engine.PeerBlocked
	PeerBanned    = engine.PeerBanned
	SourceReply   = engine.SourceReply
	SourceFailed  = engine.SourceError
	Warning       = engine.Warning
	Failed        = engine.Failed
	StatsTick     = engine.StatsTick
)
