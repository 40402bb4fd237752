package engine

import (
	"net/netip"

	"github.com/shoal-bt/shoal/swarm"
)

// An effect is something the turn must do for the state. It must not block.
type effect interface{ perform(t *Torrent) }

// The effects. Bytes for peers and blocks to serve are not among them: they lie
// in the peerState until the turn flushes it, so that they cost no allocation.
type (
	// startConn lets the reader and the writer of a connection begin.
	startConn struct{ conn *conn }

	// closeConn ends a connection; its reader reports the end.
	closeConn struct{ peer swarm.Peer }

	// refuseConn ends a connection that never was a peer.
	refuseConn struct{ conn *conn }

	// dial connects to an address, in one of the torrent's swarms.
	dial struct {
		addr  netip.AddrPort
		swarm int
	}

	// check hands a whole piece to the verifiers.
	check struct{ job verifyJob }

	// hurry has the pieces that wait for verifiers hashed at once.
	hurry struct{}

	// spill writes blocks of a piece that is not whole.
	spill struct {
		asm     *assembly
		numbers []int
		bufs    [][]byte
	}

	// emit reports an event.
	emit struct{ event Event }

	// tell asks the announcer for an announce to all sources of the torrent.
	announce struct {
		event swarm.Event
		soon  bool // before it is due, but not before it is allowed
		asked bool // by the user: also what failed and waits to be repeated
	}

	// rest says to the storage that nobody uses it.
	rest struct{}

	// readStored checks what the storage holds, on its own goroutine.
	readStored struct {
		pieces swarm.Bitfield
		round  int // of such checks
	}
)
