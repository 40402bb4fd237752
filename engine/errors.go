package engine

import (
	"fmt"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/protocol"
)

// ErrClosed is the error of calls to a torrent or an engine that is closed. ErrBusy is
// that of a Recheck while a check is under way.
var (
	ErrClosed = protocol.ErrClosed
	ErrBusy   = protocol.ErrBusy
)

// errClosed and errBusy are ErrClosed and ErrBusy as the calls of this package return them.
var (
	errClosed = fmt.Errorf("engine: %w", ErrClosed)
	errBusy   = fmt.Errorf("engine: %w", ErrBusy)
)

// The steps of a dial at which it can fail, for PeerFailed. A *connect.Error says more.
var (
	ErrConnect   = connect.ErrConnect
	ErrHandshake = connect.ErrHandshake
)
