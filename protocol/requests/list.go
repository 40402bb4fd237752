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

	Again   bool // asked for before, so the block may be the answer to that and says nothing of the round trip
	Rejects int  // that may still come for earlier requests, which were cancelled

	CancelledAt time.Time // zero if it was not
}

// maxVoid is the number of requests that are void and keep their memory. Those before them count as
// answered.
const maxVoid = 256

// fewRequests is the number of requests for which a List keeps memory while it is empty.
const fewRequests = 64

// A List is the open requests to one peer, oldest first. It has no block twice. The zero
// List is empty.
type List struct {
	all  []Request
	head int // all[head:] are open
}

// Len returns the number of requests.
func (l *List) Len() int { return len(l.all) - l.head }

// Open returns the requests. The slice is the List's, and valid until the next change.
func (l *List) Open() []Request { return l.all[l.head:] }

// Add appends a request. The memory of those that were removed is used again, so that a
// peer that is always asked for more costs no new memory.
func (l *List) Add(r Request) {
	if len(l.all) == cap(l.all) && l.head > len(l.all)/2 {
		l.all = l.all[:copy(l.all, l.Open())]
		l.head = 0
	}
	l.all = append(l.all, r)
}

// Find returns the index of the request for b, or -1.
func (l *List) Find(b swarm.Block) int {
	return slices.IndexFunc(l.Open(), func(r Request) bool { return r.Block == b })
}

// Remove removes request i and returns it. The first is the usual one, so it is cheap.
func (l *List) Remove(i int) Request {
	r := l.Open()[i]
	switch {
	case l.Len() == 1:
		l.Clear()
	case i == 0:
		l.head++
	default:
		l.all = slices.Delete(l.all, l.head+i, l.head+i+1)
	}
	return r
}

// Revive has request i, which is late, count as one that is made now, and reports whether it must be sent
// again. If so, the peer may first reject the one that was cancelled.
func (l *List) Revive(i int, now time.Time) (mustSend bool) {
	r := l.Remove(i)
	again := Request{Block: r.Block, Sent: now, Again: true, Rejects: r.Rejects}
	if r.Void {
		again.Rejects++
	}
	l.Add(again)
	return r.Void
}

// IsOldReject counts a reject of request i, and reports whether it is the answer to an earlier request
// for the block: peers answer each request, in order.
func (l *List) IsOldReject(i int) bool {
	r := &l.Open()[i]
	r.Rejects--
	return r.Rejects >= 0
}

// Active returns the number of requests whose blocks the peer may still send: those that are not
// void.
func (l *List) Active() (n int) {
	for _, r := range l.Open() {
		if !r.Void {
			n++
		}
	}
	return n
}

// Clear removes all requests. It keeps the memory, if that is small.
func (l *List) Clear() {
	l.head = 0
	l.all = l.all[:0]
	if cap(l.all) > fewRequests {
		l.all = nil
	}
}

// AnyLate reports whether a request is late.
func (l *List) AnyLate() bool {
	return slices.ContainsFunc(l.Open(), func(r Request) bool { return r.Late })
}

// HasOpen reports whether a block of a piece is requested and not late.
func (l *List) HasOpen(piece int) bool {
	return slices.ContainsFunc(l.Open(), func(r Request) bool { return r.Block.Piece == piece && !r.Late })
}

// MarkLate marks the requests as late that are overdue, and yields their blocks. If the
// peer has stalled, all are. Otherwise those are that were passed over: blocks come in
// order, so one that was requested long before others that came is lost. wait is how long a
// block may take, and lastBlock when the last one came.
func (l *List) MarkLate(now, lastBlock time.Time, wait time.Duration, stalled bool) iter.Seq[swarm.Block] {
	return func(yield func(swarm.Block) bool) {
		open := l.Open()
		for i := range open {
			r := &open[i]
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

// MarkPiece marks the requests for a piece as late, because the peer will not send it, and
// yields their blocks.
func (l *List) MarkPiece(piece int) iter.Seq[swarm.Block] {
	return func(yield func(swarm.Block) bool) {
		open := l.Open()
		for i := range open {
			r := &open[i]
			if r.Late || r.Block.Piece != piece {
				continue
			}
			r.Late, r.Void = true, true
			if !yield(r.Block) {
				return
			}
		}
	}
}

// ForgetLate removes the oldest requests that are late and were sent before a time, all that were
// cancelled before a time, and the oldest of too many that are void. It returns how many. A peer without the fast extension never answers
// a request that was cancelled, unless its block was on the way.
func (l *List) ForgetLate(sent, cancelled time.Time) (n int) {
	before := l.Len()
	for l.Len() > 0 && l.Open()[0].Late && l.Open()[0].Sent.Before(sent) {
		l.Remove(0)
	}
	isOver := func(r Request) bool { return r.Void && !r.CancelledAt.IsZero() && r.CancelledAt.Before(cancelled) }
	kept := slices.DeleteFunc(l.Open(), isOver)
	l.all = l.all[:l.head+len(kept)]
	l.forgetVoid(maxVoid)
	return before - l.Len()
}

// forgetVoid removes the oldest requests that are void until most are left.
func (l *List) forgetVoid(most int) {
	extra := l.Len() - l.Active() - most
	if extra <= 0 {
		return
	}
	kept := l.all[:l.head]
	for _, r := range l.Open() {
		if r.Void && extra > 0 {
			extra--
			continue
		}
		kept = append(kept, r)
	}
	l.all = kept
}
