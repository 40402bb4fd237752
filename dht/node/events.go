package node

import (
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/dht/item"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

// An Event is something that happened. Its slices belong to who gets it.
type Event interface{ event() }

// A PeersEvent is peers that a node named.
type PeersEvent struct {
	Task  TaskID
	From  netip.AddrPort
	Peers []netip.AddrPort
}

// An ItemEvent is an item that was found, and is right. Of a mutable one, newer ones may
// follow.
type ItemEvent struct {
	Task TaskID
	Item item.Item
}

// A SamplesEvent is hashes that a node stores peers of.
type SamplesEvent struct {
	Task     TaskID
	From     netip.AddrPort
	Hashes   []nodeid.ID
	Num      int           // of all that it has
	Interval time.Duration // until it will name others
}

// A DoneEvent ends a task.
type DoneEvent struct {
	Task    TaskID
	Err     error          // nil, ErrNoNodes, or a *krpc.Error if a put was refused
	Nodes   []krpc.Contact // the nearest to the target that answered, or the one that was asked
	Version string         // of the program of the one that was asked, up to 32 bytes
	Asked   int            // nodes
	Sent    int            // queries, announces and puts
	Stored  int            // nodes that took an announce or an item, had the item, or answered a Ping
	Scraped bool           // a node said how many there are
	Seeds   float64        // in the swarm, as it was counted
	Peers   float64        // that are no seeds
	Item    *item.Item     // of Get and Put: the newest that was found; nil for none
	Took    time.Duration
}

// A BootstrappedEvent says that the node knows others now; or that it does not, which is
// ErrNoNodes. Then Bootstrap should be called again after a while.
type BootstrappedEvent struct {
	Nodes int
	Err   error

	// With Err: some of those that were asked answered, and how one of them refused us; nil if
	// none did.
	Answered bool
	Refusal  *krpc.Error
}

// An AddressEvent says that most nodes see us at another address, or that we took another
// id, which must be saved.
type AddressEvent struct {
	External netip.Addr
	ID       nodeid.ID
}

func (PeersEvent) event()        {}
func (ItemEvent) event()         {}
func (SamplesEvent) event()      {}
func (DoneEvent) event()         {}
func (BootstrappedEvent) event() {}
func (AddressEvent) event()      {}
