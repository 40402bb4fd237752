package routing

import (
	"cmp"
	"time"

	"github.com/shoal-bt/shoal/dht/krpc"
)

const (
	goodFor  = 15 * time.Minute // after its last sign of life
	maxFails = 5                // queries in a row without answer, until it is dropped without a replacement
	badFails = 2                // queries in a row without answer, until it is replaced
)

// A Node is a node in the table.
type Node struct {
	krpc.Contact
	Fits       bool          // its id fits its address (BEP 42)
	badAfter   uint16        // see Config
	Fails      uint16        // queries in a row that it did not answer
	AnsweredAt time.Time     // when it last answered
	AskedAt    time.Time     // when it last asked us something; zero for never
	RTT        time.Duration // from a query to its answer, smoothed
}

// A Status is how likely it is that a node answers.
type Status uint8

// The statuses.
const (
	Good Status = iota
	Questionable
	Bad
)

// Status returns whether the node is good, which it is for 15 minutes after it answered,
// or asked us something.
func (n *Node) Status(now time.Time) Status {
	switch {
	case n.Fails >= cmp.Or(n.badAfter, badFails):
		return Bad
	case n.Fails > 0:
		return Questionable
	case now.Sub(n.AnsweredAt) < goodFor || now.Sub(n.AskedAt) < goodFor:
		return Good
	}
	return Questionable
}

// answered notes an answer after rtt.
func (n *Node) answered(now time.Time, rtt time.Duration) {
	n.AnsweredAt, n.Fails = now, 0
	if n.RTT == 0 {
		n.RTT = rtt
	}
	n.RTT += (rtt - n.RTT) / 4
}
