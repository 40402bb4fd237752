package dht

import (
	"net/netip"

	"github.com/shoal-bt/shoal/dht/nodeid"
)

// An Event is something that happened to a Node.
type Event interface{ event() }

// A BootstrappedEvent says that the node knows others of a family now, or why not: Err
// matches ErrNoNodes then, and the node tries again, after 30 seconds and up to 10 minutes.
type BootstrappedEvent struct {
	Is6   bool
	Nodes int
	Err   error
}

// An AddressEvent says that most nodes see us at another address, or that we took another
// id: a good time to save.
type AddressEvent struct {
	External netip.Addr
	ID       nodeid.ID
}

// A LookupEvent says that a search is over.
type LookupEvent struct {
	Target nodeid.ID
	Is6    bool
	Asked  int // nodes
	Nodes  int // of the nearest that answered
	Err    error
}

// A ClosedEvent is the last one. Err is nil after Close, and otherwise what is wrong with a
// socket.
type ClosedEvent struct{ Err error }

func (BootstrappedEvent) event() {}
func (AddressEvent) event()      {}
func (LookupEvent) event()       {}
func (ClosedEvent) event()       {}
