package memory

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUploadMemoryIsServedInOrder(t *testing.T) {
	u := NewUploads(0)
	require.EqualValues(t, largeBuffer, u.size, "enough for one write")
	closed := make(chan struct{})
	large, ok := u.Take(largeBuffer, closed)
	require.True(t, ok)
	require.EqualValues(t, largeBuffer, u.InUse())
	got := make(chan Buffer, 2)
	take := func(size int, closed chan struct{}) {
		b, ok := u.Take(size, closed)
		if !ok {
			b.cost = -1
		}
		got <- b
	}
	gone := make(chan struct{})
	close(gone)
	take(smallBuffer, gone)
	require.EqualValues(t, -1, (<-got).cost, "a connection that is closed does not wait")
	go take(smallBuffer, closed)
	u.Put(large)
	small := <-got
	require.EqualValues(t, smallBuffer, small.cost)
	require.LessOrEqual(t, int64(len(u.large))*largeBuffer+int64(len(u.small))*smallBuffer, u.free, "what is kept fits beside what is in use")
	u.Put(small)
	require.EqualValues(t, largeBuffer, u.free)
	require.Empty(t, u.waiting)
	require.Zero(t, u.InUse())
}

func TestUploadMemoryThatWasSetAsideComesBack(t *testing.T) {
	u := &Uploads{size: smallBuffer, free: smallBuffer}
	first, _ := u.Take(smallBuffer, nil)
	w := &waiter{cost: smallBuffer, done: make(chan struct{})}
	u.waiting = append(u.waiting, w)
	u.Put(first)
	<-w.done // set aside, at the moment when its connection ends
	u.cancelWait(w)
	require.EqualValues(t, smallBuffer, u.free)
}
