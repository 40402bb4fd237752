package handshake

import (
	"errors"
	"fmt"
)

// Why an exchange ended though the other side spoke well.
var (
	// ErrBlocked says that the filters turned the peer away.
	ErrBlocked = errors.New("blocked by a filter")

	// ErrInfoHash says that the peer that we dialed answered for another swarm.
	ErrInfoHash = errors.New("the answer is for another swarm")

	// ErrSelf says that the peer has our own peer id: we are talking to ourselves.
	ErrSelf = errors.New("the peer is ourselves")
)

// A ProtocolError says that the other side speaks no protocol that was asked for.
type ProtocolError struct {
	// Start is what it sent, up to the first byte that told.
	Start []byte
}

// Error describes what was wrong.
func (e *ProtocolError) Error() string {
	return fmt.Sprintf("not a known protocol: it begins with %q", e.Start)
}
