package engine

import (
	"fmt"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/protocol"
)

// ErrClosed is the error of calls to a torrent or an engine that is closed. ErrBusy is
// that of a Recheck while a check is under way. ErrUploadOnly is that of Wait and Await if
// pieces are missing that are not downloaded, because of Spec.UploadOnly.
var (
	ErrClosed     = protocol.ErrClosed
	ErrBusy       = protocol.ErrBusy
	ErrUploadOnly = protocol.ErrUploadOnly
)

// The same as the calls of this package return them.
var (
	errClosed     = fmt.Errorf("engine: %w", ErrClosed)
	errBusy       = fmt.Errorf("engine: %w", ErrBusy)
	errUploadOnly = fmt.Errorf("engine: %w", ErrUploadOnly)
)

// The steps of a dial at which it can fail, for PeerFailed. A *connect.Error says more.
var (
	ErrConnect   = connect.ErrConnect
	ErrHandshake = connect.ErrHandshake
)
