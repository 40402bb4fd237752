package engine

import (
	"github.com/shoal-bt/shoal/engine/internal/conns"
	"github.com/shoal-bt/shoal/protocol"
)

// ErrClosed is the error of calls to a torrent or an engine that is closed.
var ErrClosed = protocol.ErrClosed

// The steps of a dial at which it can fail, for PeerFailed.
var (
	ErrConnect   = conns.ErrConnect
	ErrHandshake = conns.ErrHandshake
)
