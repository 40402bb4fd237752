package dht

import (
	"errors"
	"fmt"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/node"
)

var (
	// ErrNoNodes means that no node answers. A *NoNodesError, which matches it, says why, as far
	// as that is known.
	ErrNoNodes = node.ErrNoNodes

	// ErrClosed means that the Node is closed.
	ErrClosed = errors.New("dht: closed")

	// ErrNotFound means that no node has the item.
	ErrNotFound = errors.New("dht: no node has the item")
)

// A NoNodesError says why a node knows no others. It matches ErrNoNodes.
type NoNodesError struct {
	Asked    int         // addresses: those of routers, and of nodes that were named or saved
	Answered bool        // some answered, but none that can be a node of ours
	Refused  *krpc.Error // how one of them refused us; nil if none did
	Err      error       // why a name could not be looked up; nil if all could
}

// Error says what happened, and what to look at.
func (e *NoNodesError) Error() string {
	switch {
	case e.Refused != nil:
		return fmt.Sprintf("dht: no node helps; addresses asked: %d; one refuses: %v", e.Asked, e.Refused)
	case e.Answered:
		return fmt.Sprintf("dht: the nodes that answer know no others that do; addresses asked: %d", e.Asked)
	case e.Asked > 0:
		return fmt.Sprintf("dht: no node answers; addresses asked: %d; a firewall may block UDP", e.Asked)
	case e.Err != nil:
		return fmt.Sprintf("dht: no node could be asked, because a name was not found; check the network: %v", e.Err)
	}
	return "dht: no node is known; name routers or nodes to begin with"
}

// Unwrap returns ErrNoNodes.
func (e *NoNodesError) Unwrap() error { return ErrNoNodes }
