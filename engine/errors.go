package engine

import (
	"errors"
	"fmt"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/protocol"
)

// ErrClosed is the error of calls to a torrent or an engine that is closed. ErrBusy is
// that of a Recheck while a check is under way. ErrUploadOnly is that of Wait and Await if
// pieces are missing that are not downloaded, because of Spec.UploadOnly. ErrNotWanted is that
// of Await of a piece that is not wanted. ErrNotPrioritizer and ErrNotSequencer are those of
// calls, and of Add, that want of the torrent's picker what it cannot do.
var (
	ErrClosed         = protocol.ErrClosed
	ErrBusy           = protocol.ErrBusy
	ErrUploadOnly     = protocol.ErrUploadOnly
	ErrNotWanted      = protocol.ErrNotWanted
	ErrNotPrioritizer = protocol.ErrNotPrioritizer
	ErrNotSequencer   = protocol.ErrNotSequencer
)

// A RangeError says that a run of pieces, or a priority, is none of the torrent.
type RangeError = protocol.RangeError

// errClosed is ErrClosed as the calls of this package return it.
var errClosed = fmt.Errorf("engine: %w", ErrClosed)

// wrap returns the error of a call as this package returns it: one of the protocol with the name of
// the package, and one of the Storage as it is.
func wrap(err error) error {
	var outside *RangeError
	switch {
	case err == ErrClosed:
		return errClosed
	case err == ErrBusy, err == ErrUploadOnly, err == ErrNotWanted, err == ErrNotPrioritizer,
		err == ErrNotSequencer, errors.As(err, &outside):
		return fmt.Errorf("engine: %w", err)
	}
	return err
}

// The steps of a dial at which it can fail, for PeerFailed. A *connect.Error says more.
var (
	ErrConnect   = connect.ErrConnect
	ErrHandshake = connect.ErrHandshake
)
