package manager

import (
	"errors"
	"fmt"

	"github.com/shoal-bt/shoal/swarm"
)

// What the errors of a Manager match, beside *peerwire.ProtocolError and net.ErrClosed.
var (
	// ErrPeerNotFound means that the Manager never had this peer, or has it no longer.
	ErrPeerNotFound = errors.New("no such peer")

	// ErrTimeout means that the peer sent no message, or read nothing, for longer
	// than Config.Timeout.
	ErrTimeout = errors.New("the peer was silent for too long")

	// ErrDisconnected means that the connection ended. The error also wraps the
	// reason, which is io.EOF if the peer closed the connection.
	ErrDisconnected = errors.New("the connection ended")

	// ErrTooManyPeers means that the Manager has Config.MaxPeers peers.
	ErrTooManyPeers = errors.New("too many peers: remove one or raise Config.MaxPeers")
)

// A PeerError says why a peer of a Manager was lost, or that there is no such peer.
type PeerError struct {
	// Peer is the number that Add returned for the peer.
	Peer swarm.Peer

	// Err matches ErrPeerNotFound, ErrTimeout or ErrDisconnected, or is a
	// *peerwire.ProtocolError.
	Err error
}

// Error returns the peer's number and the reason.
func (e *PeerError) Error() string {
	return fmt.Sprintf("manager: peer %d: %v", e.Peer, e.Err)
}

// Unwrap returns Err.
func (e *PeerError) Unwrap() error {
	return e.Err
}
