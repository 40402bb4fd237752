package piecepicker

import (
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// An EndGame chooses what is asked of a further peer once no block is left that
// some peer has and nobody was asked for. It must not change; a Picker calls it
// one call at a time.
type EndGame interface {
	// Again reports whether a block is asked of one peer more, and how
	// much that matters: the highest rank goes first, and of equals the
	// last block of the piece that was begun last.
	Again(a Asked) (rank int64, ok bool)
}

// An Asked is a block that others were asked for and did not send yet.
type Asked struct {
	Block      swarm.Block
	Peers      int           // that were asked for it
	Due        time.Duration // until the first of them should have sent it; negative when it is late
	Delay      time.Duration // until it would be here from the peer in question
	Duplicates int           // blocks that the peer in question and others were asked for
}

// Duplicates is the EndGame that Pickers have by default. It asks first for the
// blocks that the fewest peers were asked for, among them for those that are due
// last; a third peer is only asked if it should be faster, or all are late.
type Duplicates struct {
	// Peers is the number of peers that a block is asked of, the first
	// included. Zero means 3, a negative number means no limit.
	Peers int

	// Each is the number of blocks that a peer is asked for twice at a
	// time. Zero means 4, a negative number means no limit.
	Each int
}

// Again reports whether a is within the limits.
func (d Duplicates) Again(a Asked) (int64, bool) {
	if most := orDefault(d.Peers, 3); most >= 0 && a.Peers >= most {
		return 0, false
	}
	if most := orDefault(d.Each, 4); most >= 0 && a.Duplicates >= most {
		return 0, false
	}
	if a.Peers > 1 && a.Due > 0 && a.Delay >= a.Due {
		return 0, false
	}
	return int64(min(max(a.Due, -maxDue), maxDue)) - int64(a.Peers)<<50, true
}

// maxDue bounds what a due time counts, so that it never outweighs a peer.
const maxDue = 100 * time.Hour

func orDefault(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

// NoDuplicates is an EndGame that asks for no block twice.
type NoDuplicates struct{}

// Again returns false.
func (NoDuplicates) Again(Asked) (int64, bool) { return 0, false }
