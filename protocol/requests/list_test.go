package requests

import (
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func block(piece int) swarm.Block { return swarm.Block{Piece: piece, Length: swarm.BlockLen} }

// list returns a List of requests.
func list(all ...Request) (l List) {
	for _, r := range all {
		l.Add(r)
	}
	return l
}

func TestList(t *testing.T) {
	l := list(Request{Block: block(1)}, Request{Block: block(2)}, Request{Block: block(3), Late: true}, Request{Block: block(4)})
	require.Equal(t, 1, l.Find(block(2)))
	require.Equal(t, -1, l.Find(block(5)))
	require.True(t, l.AnyLate())
	require.True(t, l.HasOpen(4))
	require.False(t, l.HasOpen(3), "it is late")

	require.Equal(t, block(3), l.Remove(2).Block)
	require.Equal(t, block(1), l.Remove(0).Block)
	require.Equal(t, 0, l.Find(block(2)), "it is the first now")
	require.Equal(t, block(4), l.Remove(1).Block)
	require.Equal(t, []Request{{Block: block(2)}}, l.Open())
	require.False(t, l.AnyLate())
}

// A peer that is asked for a block whenever one comes costs no new memory.
func TestListUsesItsMemoryAgain(t *testing.T) {
	var l List
	next := 0
	add := func() {
		l.Add(Request{Block: block(next)})
		next++
	}
	for range 500 {
		add()
	}
	allocs := testing.AllocsPerRun(10_000, func() {
		if l.Remove(0).Block != block(next-500) {
			panic("not the oldest")
		}
		add()
	})
	require.Zero(t, allocs)
	require.Equal(t, 500, l.Len())
}

func TestEmptyListReleasesMemory(t *testing.T) {
	var l List
	for i := range 2 * fewRequests {
		l.Add(Request{Block: block(i)})
	}
	for l.Len() > 0 {
		l.Remove(l.Len() - 1)
	}
	require.Zero(t, cap(l.all))
	l.Add(Request{Block: block(1)})
	l.Clear()
	require.Zero(t, l.Len())
	require.NotZero(t, cap(l.all))
}

// Of requests that are void the newest stay, and others are never forgotten by that.
func TestForgetVoid(t *testing.T) {
	var l List
	for i := range 10 {
		l.Add(Request{Block: swarm.Block{Piece: i}, Void: i%2 == 0})
	}
	l.Remove(0)
	require.Equal(t, 5, l.Active())
	l.forgetVoid(4)
	require.Equal(t, 9, l.Len())
	l.forgetVoid(1)
	require.Equal(t, 5, l.Active())
	var pieces []int
	for _, r := range l.Open() {
		pieces = append(pieces, r.Block.Piece)
	}
	require.Equal(t, []int{1, 3, 5, 7, 8, 9}, pieces)
}

// Requests that were cancelled are forgotten soon, others that are late after a longer time, and the
// oldest of very many that are void at once.
func TestForgetLate(t *testing.T) {
	at := func(seconds int) time.Time { return time.Unix(int64(seconds), 0) }
	l := list(
		Request{Block: block(1), Sent: at(1), Late: true},
		Request{Block: block(2), Sent: at(1), Late: true, Void: true, CancelledAt: at(7)},
		Request{Block: block(3), Sent: at(2), Late: true},
		Request{Block: block(4), Sent: at(3), Late: true, Void: true, CancelledAt: at(9)},
		Request{Block: block(5), Sent: at(1)},
	)
	require.Equal(t, 2, l.ForgetLate(at(2), at(8)))
	require.Equal(t, block(3), l.Open()[0].Block)
	require.Equal(t, 1, l.ForgetLate(at(2), at(10)))
	for i := range maxVoid + 3 {
		l.Add(Request{Block: block(10 + i), Late: true, Void: true})
	}
	require.Equal(t, 3, l.ForgetLate(at(2), at(10)))
	require.Equal(t, maxVoid+2, l.Len())
	require.Equal(t, block(13), l.Open()[2].Block)
}
