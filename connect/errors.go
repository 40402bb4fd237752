package connect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"

	"github.com/shoal-bt/shoal/handshake"
)

// The step at which a peer was lost, for errors.Is.
var (
	ErrConnect   = errors.New("connecting")
	ErrHandshake = errors.New("shaking hands")
)

var (
	// ErrClosed is the error of a Dial on a Connector that is closed.
	ErrClosed = errors.New("connect: the connector is closed")

	// ErrNoTorrent is what the answer of an Accept returns about a swarm that it does
	// not know.
	ErrNoTorrent = errors.New("no such torrent here")
)

// A Reason says why there is no connection.
type Reason uint8

// The reasons. An Error with Unreached matches ErrConnect, and one with a reason from HungUp
// to Refused matches ErrHandshake.
const (
	Unreached Reason = iota + 1 // nobody listens there, or no answer came in time
	Filtered                    // the filter blocks the address
	Canceled                    // the caller gave up
	HungUp                      // the peer closed the connection in the handshake
	Silent                      // the peer sent no handshake in time
	Foreign                     // the peer speaks another protocol, or only encrypted
	Self                        // we dialed ourselves
	NoTorrent                   // the peer named a swarm that the other side does not have
	Refused                     // we did not want it: the Answer was an error, or it does not encrypt
)

// String returns what happened.
func (r Reason) String() string {
	switch r {
	case Unreached:
		return "the peer could not be reached"
	case Filtered:
		return "the peer is blocked"
	case Canceled:
		return "canceled"
	case HungUp:
		return "the peer closed the connection in the handshake"
	case Silent:
		return "the peer sent no handshake in time"
	case Foreign:
		return "the peer speaks another protocol"
	case Self:
		return "the peer is ourselves"
	case NoTorrent:
		return "no such torrent"
	case Refused:
		return "refused"
	}
	return "unknown"
}

// isFinal reports whether another attempt to reach the peer would end in the same way.
func (r Reason) isFinal() bool {
	switch r {
	case Filtered, Canceled, Self, NoTorrent, Refused:
		return true
	}
	return false
}

// An Error says why a peer was not reached, or why one that dialed us was not let in.
type Error struct {
	Addr netip.AddrPort
	Why  Reason
	Err  error // the cause; nil if Why says it all
}

// Error returns the step or the reason, and the cause.
func (e *Error) Error() string {
	switch {
	case e.Err == nil:
		return "connect: " + e.Why.String()
	case e.step() != nil:
		return fmt.Sprintf("connect: %v: %v", e.step(), e.Err)
	}
	return fmt.Sprintf("connect: %v: %v", e.Why, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the step at which the peer was lost.
func (e *Error) Is(target error) bool {
	step := e.step()
	return step != nil && target == step
}

// step returns ErrConnect or ErrHandshake; nil if there was neither.
func (e *Error) step() error {
	switch {
	case e.Why == Unreached:
		return ErrConnect
	case e.Why >= HungUp:
		return ErrHandshake
	}
	return nil
}

// ReasonOf returns the reason that an error has of this package; zero if it has none.
func ReasonOf(err error) Reason {
	var failed *Error
	if !errors.As(err, &failed) {
		return 0
	}
	return failed.Why
}

// A refusal is an error of an Answer.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// A secureError is an error of a Secure.
type secureError struct{ error }

func (e secureError) Unwrap() error { return e.error }

// isClosed reports whether an error says that the connection has ended.
func isClosed(err error) bool {
	var op *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, net.ErrClosed) || errors.As(err, &op)
}

// handshakeReason returns why a handshake failed.
func handshakeReason(err error) Reason {
	var refused refusal
	var foreign *handshake.ProtocolError
	var timeout net.Error
	var secure secureError
	switch {
	case errors.Is(err, ErrNoTorrent), errors.Is(err, handshake.ErrInfoHash):
		return NoTorrent
	case errors.As(err, &refused):
		return Refused
	case errors.Is(err, errPlain), errors.Is(err, errManyKeys):
		return Refused
	case errors.Is(err, errUnknownKind):
		return Foreign
	case errors.Is(err, handshake.ErrSelf):
		return Self
	case errors.As(err, &foreign):
		return Foreign
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return Silent
	case errors.As(err, &timeout) && timeout.Timeout():
		return Silent
	case errors.As(err, &secure) && !isClosed(err):
		return Foreign
	}
	return HungUp
}
