// Package requests keeps the blocks that were requested of one peer, until they arrive or
// are given up.
//
// A [List] is a value that one goroutine owns. It does no I/O and reads no clock. Package
// protocol decides what is requested, and when a request is late.
package requests

import (
	"iter"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/protocol/pacing"
	"github.com/shoal-bt/shoal/swarm"
)

// A Request is a block that we requested of a peer.
type Request struct {
	Block swarm.Block
	Sent  time.Time
	Late  bool // the picker counts the block as free again; its unit is still set aside
	Void  bool // late, and the peer will not send the block: it was cancelled or passed over
}

// fewRequests is the number of requests for which a List keeps memory while it is empty.
const fewRequests = 64

// A List is the open requests to one peer, oldest first. It has no block twice.
type List []Request

// Find returns the index of the request for b, or -1.
func (l List) Find(b swarm.Block) int {
	return slices.IndexFunc(l, func(r Request) bool { return r.Block == b })
}

// Remove removes request i and returns it. The first is the usual one, so it is cheap.
func (l *List) Remove(i int) Request {
	r := (*l)[i]
	if len(*l) == 1 {
		l.Clear()
		return r
	}
	if i == 0 {
		*l = (*l)[1:]
		return r
	}
	*l = slices.Delete(*l, i, i+1)
	return r
}

// Clear removes all requests. It keeps the memory, if that is small.
func (l *List) Clear() {
	if cap(*l) > fewRequests {
		*l = nil
		return
	}
	*l = (*l)[:0]
}

// AnyLate reports whether a request is late.
func (l List) AnyLate() bool {
	return slices.ContainsFunc(l, func(r Request) bool { return r.Late })
}

// HasOpen reports whether a block of a piece is requested and not late.
func (l List) HasOpen(piece int) bool {
	return slices.ContainsFunc(l, func(r Request) bool { return r.Block.Piece == piece && !r.Late })
}

// MarkLate marks the requests as late that are overdue, and yields their blocks. If the
// peer has stalled, all are. Otherwise those are that were passed over: blocks come in
// order, so one that was requested long before others that came is lost. wait is how long a
// block may take, and lastBlock when the last one came.
func (l List) MarkLate(now, lastBlock time.Time, wait time.Duration, stalled bool) iter.Seq[swarm.Block] {
	return func(yield func(swarm.Block) bool) {
		for i := range l {
			r := &l[i]
			isPassedOver := now.Sub(r.Sent) > 2*wait+pacing.QueueTime && r.Sent.Before(lastBlock.Add(-2*wait))
			if r.Late || !(stalled || isPassedOver) {
				continue
			}
			r.Late, r.Void = true, !stalled
			if !yield(r.Block) {
				return
			}
		}
	}
}

// ForgetLate removes the oldest requests that are late and were sent before a time, and
// returns how many. Cancelled blocks of a peer without the fast extension are never
// answered.
func (l *List) ForgetLate(before time.Time) (n int) {
	for len(*l) > 0 && (*l)[0].Late && (*l)[0].Sent.Before(before) {
		l.Remove(0)
		n++
	}
	return n
}
