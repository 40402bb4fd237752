package events

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/shoal-bt/shoal/client/internal/dialerror"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/swarm"
)

// ErrPieceFailed says that a piece did not pass its check.
var ErrPieceFailed = errors.New("the piece failed its check")

// A SourceError says that a tracker or another source gave no answer.
type SourceError struct {
	Source swarm.PeerSource
	Errors int   // in a row
	Err    error // of the source, such as a *httptracker.FailureError
}

// Error returns the cause, which names the tracker without a passkey.
func (e *SourceError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *SourceError) Unwrap() error { return e.Err }

// A PeerError says what ended or prevented a connection.
type PeerError struct {
	Addr netip.AddrPort
	Err  error // such as a *peerwire.ProtocolError; ErrConnectTimeout
}

// Error returns the address and the cause.
func (e *PeerError) Error() string { return fmt.Sprintf("peer %s: %v", e.Addr, e.Err) }

// Unwrap returns the cause.
func (e *PeerError) Unwrap() error { return e.Err }

// A PieceError says that a piece did not pass its check, and who sent it. It
// matches ErrPieceFailed.
type PieceError struct {
	Piece   int
	Senders []netip.AddrPort
}

// Error returns the piece.
func (e *PieceError) Error() string { return fmt.Sprintf("piece %d: %v", e.Piece, ErrPieceFailed) }

// Unwrap returns ErrPieceFailed.
func (e *PieceError) Unwrap() error { return ErrPieceFailed }

// ErrorOf returns the error that an event is about: a *PeerError, *PieceError or
// *SourceError, or the error of a Failed, a Warning or of the DHT. It returns nil for other events,
// and for connections that ended without an error.
func ErrorOf(e Event) error {
	switch e := e.(type) {
	case engine.PeerLost:
		if e.Err == nil {
			return nil
		}
		return &PeerError{e.Addr, e.Err}
	case engine.PeerFailed:
		return &PeerError{e.Addr, dialerror.Explain(e.Err)}
	case engine.PieceFailed:
		return &PieceError{e.Piece, e.Senders}
	case engine.SourceError:
		return &SourceError{e.Source, e.Errors, e.Err}
	case engine.Failed:
		return e.Err
	case engine.Warning:
		return e.Err
	case DHTBootstrapped:
		return e.Err
	case DHTClosed:
		return e.Err
	}
	return nil
}
