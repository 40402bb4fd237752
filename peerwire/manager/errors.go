package manager

import (
	"errors"
	"fmt"

	"github.com/shoal-bt/shoal/swarm"
)

// What a PeerError may match, besides a *peerwire.ProtocolError.
var (
	// ErrPeerNotFound says that a Manager has no such peer, or no longer.
	ErrPeerNotFound = errors.New("no such peer")

	// ErrTimeout says that a peer was silent, or took nothing, for too long.
	ErrTimeout = errors.New("the peer was silent for too long")

	// ErrDisconnected says that the connection to a peer ended. The error wraps
	// the reason too: io.EOF if the peer closed it.
	ErrDisconnected = errors.New("the connection ended")

	// ErrTooManyPeers says that a Manager has as many peers as it may have.
	ErrTooManyPeers = errors.New("too many peers")
)

// A PeerError says what became of a peer of a Manager.
type PeerError struct {
	// Peer is the number that Add gave the peer.
	Peer swarm.Peer

	// Err matches ErrPeerNotFound, ErrTimeout or ErrDisconnected, or is a
	// *peerwire.ProtocolError.
	Err error
}

// Error names the peer and what became of it.
func (e *PeerError) Error() string {
	return fmt.Sprintf("manager: peer %d: %v", e.Peer, e.Err)
}

// Unwrap returns Err.
func (e *PeerError) Unwrap() error {
	return e.Err
}
