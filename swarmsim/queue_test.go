package swarmsim

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestQueueIsOrdered: events come by time, and those of one time as they were added.
func TestQueueIsOrdered(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var q queue
	require.Equal(t, never, q.nextAt())
	type entry struct {
		at    time.Duration
		added int
	}
	last, added := entry{}, 0
	for range 2000 {
		for range random.IntN(4) {
			added++
			at := last.at + time.Duration(random.IntN(5))
			q.push(at, q.newKey(), entry{at, added})
		}
		for range random.IntN(4) {
			if len(q.events) == 0 {
				break
			}
			at := q.nextAt()
			e := q.pop().(entry)
			require.Equal(t, at, e.at)
			require.GreaterOrEqual(t, e.at, last.at)
			if e.at == last.at {
				require.Greater(t, e.added, last.added)
			}
			last = e
		}
	}
}

func TestFifo(t *testing.T) {
	var f fifo[int]
	in, out := 0, 0
	for round := range 100 {
		for range round % 7 {
			f.push(in)
			in++
		}
		for f.len() > round%3 {
			require.Equal(t, out, *f.first())
			require.Equal(t, out, f.pop())
			out++
		}
	}
	require.Positive(t, out)
}
