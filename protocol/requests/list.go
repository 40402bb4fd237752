// Package requests keeps the blocks that were requested of one peer, until they arrive or
// are given up.
//
// A [List] is a value that one goroutine owns. It does no I/O and reads no clock. Package
// protocol decides what is requested, and when a request is late.
package requests

import (
	"slices"
	"time"

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
