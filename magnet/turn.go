package magnet

import (
	"errors"
	"time"

	"github.com/shoal-bt/shoal/protocol/report"
)

// longestWait is the time until the next turn if nothing is due.
const longestWait = time.Hour

var errNotTaken = errors.New("the peer takes nothing of what we send")

// settle carries out what the State decides, and begins the dials and calls that are due.
func (r *run) settle() (info []byte, err error) {
	now := time.Now()
	r.followDHT(now)
	turn := r.state.Settle(now)
	for _, f := range turn.Found {
		r.foundByPeer(now, f)
	}
	for _, node := range turn.Nodes {
		r.options.OnDHTNode(node)
	}
	for _, c := range turn.Close {
		r.closePeer(now, c)
	}
	for _, send := range turn.Send {
		c := r.conns[send.Peer]
		if c != nil && !c.send(send.Bytes) {
			r.leave(now, c, report.EndFlood, errNotTaken)
		}
	}
	r.nextTurn = turn.Next
	if !r.state.Over() {
		r.dial(now)
		r.callSources(now)
	}
	r.publish()
	return turn.Info, turn.Err
}

// untilNext returns how long until something is due.
func (r *run) untilNext() time.Duration {
	now := time.Now()
	next := earlier(r.nextTurn, r.dialDue(now))
	if r.calls < maxCalls {
		for _, j := range r.sources {
			next = earlier(next, r.callDue(now, j))
		}
	}
	if next.IsZero() {
		return longestWait
	}
	return max(next.Sub(now), 0)
}
