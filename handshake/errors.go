package handshake

import (
	"errors"
	"fmt"
)

// Why an exchange failed although the peer sent a valid handshake.
var (
	// ErrBlocked means that the filters block the peer.
	ErrBlocked = errors.New("blocked by a filter")

	// ErrInfoHash means that a peer that we dialed answered with another info hash,
	// see https://www.bittorrent.org/beps/bep_0003.html#peer-protocol.
	ErrInfoHash = errors.New("the answer has the info hash of another swarm")

	// ErrSelf means that the peer has our own peer id: we connected to ourselves.
	ErrSelf = errors.New("the peer has our own peer id")
)

// A ProtocolError means that the peer speaks no protocol that we accept.
type ProtocolError struct {
	// Start is what the peer sent, up to the first byte that no accepted protocol
	// has there.
	Start []byte
}

// Error returns what the peer sent. Encryption comes to mind because a peer that encrypts
// begins with random bytes.
func (e *ProtocolError) Error() string {
	return fmt.Sprintf("the peer sent no BitTorrent handshake but %.20q; it may speak another protocol, or only encrypted", e.Start)
}
