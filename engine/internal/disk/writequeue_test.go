package disk

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A queueTest adds writes to a queue and names them by their first and last byte.
type queueTest struct {
	*testing.T
	q writeQueue
}

// add adds the bytes from off to end to a lane, in one buffer.
func (t *queueTest) add(lane int, off, end int64) (begin bool) {
	t.Helper()
	return t.q.add(&pendingWrite{lane: lane, off: off, end: end, bufs: [][]byte{make([]byte, end-off)}})
}

// take returns what the next call of a lane writes.
func (t *queueTest) take(lane int) string {
	var names []string
	for _, w := range t.q.take(lane) {
		names = append(names, fmt.Sprintf("%d-%d", w.off, w.end))
	}
	return strings.Join(names, " ")
}

// next ends the call of a lane, and wants the caller to go on with another one.
func (t *queueTest) next(lane, want int) {
	t.Helper()
	got, ok := t.q.next(lane)
	require.True(t, ok)
	require.Equal(t, want, got)
}

// last ends the call of a lane, and wants the caller to be done.
func (t *queueTest) last(lane int) {
	t.Helper()
	_, ok := t.q.next(lane)
	require.False(t, ok)
}

// empty wants that the queue remembers nothing.
func (t *queueTest) empty() {
	t.Helper()
	require.Zero(t, t.q.calls)
	require.Empty(t, t.q.lanes)
	require.Empty(t, t.q.ready)
	require.Empty(t, t.q.byOff)
	require.Empty(t, t.q.byEnd)
}

// An urgent write leads the next call of its lane.
func TestUrgentWriteLeads(t *testing.T) {
	q := &queueTest{T: t}
	require.True(t, q.add(1, 500, 510))
	require.Equal(t, "500-510", q.take(1))
	q.add(1, 300, 310)
	for _, off := range []int64{200, 100} {
		q.q.add(&pendingWrite{lane: 1, off: off, end: off + 10, bufs: [][]byte{make([]byte, 10)}, isUrgent: true})
	}
	q.add(1, 110, 120)
	for _, want := range []string{"200-210", "100-110 110-120", "300-310"} {
		q.next(1, 1)
		require.Equal(t, want, q.take(1))
	}
	q.last(1)
	q.empty()
}

func TestOldestWriteLeads(t *testing.T) {
	q := &queueTest{T: t}
	require.True(t, q.add(1, 500, 510))
	require.False(t, q.add(1, 300, 310))
	require.False(t, q.add(1, 100, 110))
	require.Equal(t, "500-510", q.take(1))
	require.False(t, q.add(1, 200, 210), "a call is under way")
	for _, want := range []string{"300-310", "100-110", "200-210"} {
		q.next(1, 1)
		require.Equal(t, want, q.take(1))
	}
	q.last(1)
	q.empty()
	require.True(t, q.add(1, 0, 10), "the lane is free again")
}

func TestNeighboursJoin(t *testing.T) {
	q := &queueTest{T: t}
	for _, off := range []int64{50, 0, 80, 40, 60, 20, 70, 30} {
		q.add(1, off, off+10)
	}
	q.add(2, 90, 100) // touches them, in another lane
	require.Equal(t, "20-30 30-40 40-50 50-60 60-70 70-80 80-90", q.take(1), "on both sides, in order of offsets")
	q.next(1, 1)
	require.Equal(t, "0-10", q.take(1), "it touches nothing")
	q.add(1, 10, 20)
	q.next(1, 1)
	require.Equal(t, "10-20", q.take(1), "its neighbours were taken before it came")
	require.Equal(t, "90-100", q.take(2))
	q.last(1)
	q.last(2)
	q.empty()
}

func TestJoinedBytesAreBounded(t *testing.T) {
	const quarter = maxJoinedBytes / 4
	q := &queueTest{T: t}
	for i := range int64(6) {
		q.add(1, i*quarter, (i+1)*quarter)
	}
	require.Len(t, q.q.take(1), 4)
	q.next(1, 1)
	require.Len(t, q.q.take(1), 2)
	q.last(1)

	q.add(1, 0, maxJoinedBytes+1)
	q.add(1, maxJoinedBytes+1, maxJoinedBytes+2)
	require.Len(t, q.q.take(1), 1, "a write that is larger goes alone")
	q.next(1, 1)
	require.Len(t, q.q.take(1), 1)
	q.last(1)
	q.empty()
}

func TestJoinedBuffersAreBounded(t *testing.T) {
	q := &queueTest{T: t}
	add := func(off, n int64) {
		w := &pendingWrite{lane: 1, off: off, end: off + n}
		for range n {
			w.bufs = append(w.bufs, []byte{0})
		}
		q.q.add(w)
	}
	add(0, 1000)
	add(1000, 24)
	add(1024, 1)
	require.Equal(t, "0-1000 1000-1024", q.take(1))
	q.next(1, 1)
	require.Equal(t, "1024-1025", q.take(1))
	q.last(1)
	q.empty()
}

// A write that does not fit on one side keeps nothing from joining on the other.
func TestJoinsOnTheOtherSide(t *testing.T) {
	const half = maxJoinedBytes / 2
	q := &queueTest{T: t}
	q.add(1, 2*half, 3*half)
	q.add(1, 3*half, 4*half)
	q.add(1, 0, 2*half)
	require.Equal(t, fmt.Sprintf("%d-%d %d-%d", 2*half, 3*half, 3*half, 4*half), q.take(1))
}

// Lanes without a caller wait in order of coming, and a lane that had a call goes to the
// end.
func TestLanesTakeTurns(t *testing.T) {
	q := &queueTest{T: t}
	for lane := range maxCalls + 2 {
		for i := range int64(2) {
			begin := q.add(lane, int64(lane)*100+i*50, int64(lane)*100+i*50+1)
			require.Equal(t, (lane < maxCalls) && (i == 0), begin)
		}
	}
	q.take(0)
	q.next(0, maxCalls)
	q.take(maxCalls)
	q.next(maxCalls, maxCalls+1)
	q.take(maxCalls + 1)
	q.next(maxCalls+1, 0)
	q.take(0)
	q.next(0, maxCalls)
}

// A randomQueue is a queue, and what should be in it.
type randomQueue struct {
	*testing.T
	queue    writeQueue
	callers  []int                   // the lanes that callers have
	underWay map[int][]*pendingWrite // what the call of a lane writes
	calls    map[int]int             // that have begun, of a lane
	waiting  map[int]int             // writes of a lane
	latest   map[*pendingWrite]int   // the call of its lane that takes a write at the latest
}

// add adds bytes that are a fifth of what one call writes.
func (q *randomQueue) add(lane, n int) {
	w := &pendingWrite{lane: lane, off: int64(n) * (maxJoinedBytes / 5), end: int64(n+1) * (maxJoinedBytes / 5)}
	q.waiting[lane]++
	q.latest[w] = q.calls[lane] + q.waiting[lane]
	if q.queue.add(w) {
		require.NotContains(q, q.callers, lane, "a second caller")
		q.callers = append(q.callers, lane)
	}
}

// take begins a call of a lane.
func (q *randomQueue) take(lane int) {
	joined := q.queue.take(lane)
	require.NotEmpty(q, joined)
	require.LessOrEqual(q, len(joined), 5)
	q.underWay[lane] = joined
	q.calls[lane]++
	q.waiting[lane] -= len(joined)
	for i, w := range joined {
		require.Equal(q, lane, w.lane)
		require.True(q, (i == 0) || (joined[i-1].end == w.off))
		require.Contains(q, q.latest, w, "taken twice")
		require.LessOrEqual(q, q.calls[lane], q.latest[w], "it waited too long")
		delete(q.latest, w)
	}
}

// end ends the call of the caller with the given number.
func (q *randomQueue) end(caller int) {
	lane := q.callers[caller]
	delete(q.underWay, lane)
	q.callers = slices.Delete(q.callers, caller, caller+1)
	if next, ok := q.queue.next(lane); ok {
		require.NotContains(q, q.callers, next, "a second caller")
		q.callers = append(q.callers, next)
	}
}

// TestQueueAtRandom adds, takes and ends at random. Each write is taken once, no lane has
// two calls, no call is too large, and a write waits for no more calls of its lane than
// there were writes before it.
func TestQueueAtRandom(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 8))
		q := &randomQueue{
			T:        t,
			underWay: make(map[int][]*pendingWrite),
			calls:    make(map[int]int),
			waiting:  make(map[int]int),
			latest:   make(map[*pendingWrite]int),
		}
		lanes := 1 + r.IntN(12)
		left := r.Perm(200)
		for len(left) > 0 || len(q.callers) > 0 {
			if len(left) > 0 && r.IntN(3) == 0 {
				q.add(left[0]*lanes/200, left[0])
				left = left[1:]
			}
			if len(q.callers) > 0 {
				caller := r.IntN(len(q.callers))
				if q.underWay[q.callers[caller]] == nil {
					q.take(q.callers[caller])
				} else {
					q.end(caller)
				}
			}
			require.LessOrEqual(t, len(q.callers), maxCalls)
		}
		require.Empty(t, q.latest)
		(&queueTest{T: t, q: q.queue}).empty()
	}
}
