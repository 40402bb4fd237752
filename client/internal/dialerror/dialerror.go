// Package dialerror says what a peer did that was dialed in vain.
//
// In comes the error of a dial or a handshake; out goes one that a caller can branch on. Not here:
// what to do about it.
package dialerror

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/handshake"
)

// What a peer did, or did not do in time.
var (
	// ErrConnectTimeout and ErrHandshakeTimeout say that a peer that was
	// dialed did not answer in time.
	ErrConnectTimeout   = errors.New("the peer could not be reached in time")
	ErrHandshakeTimeout = errors.New("the peer sent no handshake in time")

	// ErrHungUp says that a peer closed the connection in the handshake. It may
	// accept only encrypted connections, which are not supported, not have the
	// torrent, be full, or have banned this address.
	ErrHungUp = errors.New("the peer closed the connection in the handshake")

	// ErrNotBitTorrent says that a peer sent something else in place of a
	// handshake, as one does that accepts only encrypted connections.
	ErrNotBitTorrent = errors.New("the peer sent no BitTorrent handshake")
)

// Explain says what a peer did, or did not do in time, if err is that of a dial or of a
// handshake and that is known.
func Explain(err error) error {
	var timeout net.Error
	late := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		(errors.As(err, &timeout) && timeout.Timeout())
	var protocol *handshake.ProtocolError
	hungUp := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
	switch {
	case late && errors.Is(err, engine.ErrConnect):
		return fmt.Errorf("%w: %w", ErrConnectTimeout, err)
	case !errors.Is(err, engine.ErrHandshake):
		return err
	case late:
		return fmt.Errorf("%w: %w", ErrHandshakeTimeout, err)
	case hungUp:
		return fmt.Errorf("%w: %w", ErrHungUp, err)
	case errors.As(err, &protocol):
		return fmt.Errorf("%w: %w", ErrNotBitTorrent, err)
	}
	return err
}
