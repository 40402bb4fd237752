package schedule

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// log is what a Queue has said was due, and when, in seconds.
type log struct {
	mu   sync.Mutex
	what []string
	when []int
}

// take takes out at most n entries, and reports whether that may not be all.
func (l *log) take(q *Queue[string], begin time.Time, n int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range n {
		s, ok := q.Next(time.Now())
		if !ok {
			return false
		}
		l.what = append(l.what, s)
		l.when = append(l.when, int(time.Since(begin).Seconds()))
	}
	return true
}

func TestEntriesComeWhenTheyAreDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		var q *Queue[string]
		begin := time.Now()
		q = NewQueue[string](func() bool { return l.take(q, begin, 99) })
		defer q.Close()
		at := func(n int) time.Time { return begin.Add(time.Duration(n) * time.Second) }
		a, b, c, d := &Entry[string]{Value: "a"}, &Entry[string]{Value: "b"}, &Entry[string]{Value: "c"}, &Entry[string]{Value: "d"}
		q.Set(a, at(9))
		q.Set(b, at(3))
		q.Set(c, at(5))
		q.Set(d, at(4))
		q.Set(c, time.Time{}) // never
		q.Set(c, time.Time{})
		q.Set(a, at(6)) // sooner
		q.Set(d, at(7)) // later
		require.Equal(t, 3, q.Len())
		require.Equal(t, at(7), q.At(d))
		time.Sleep(5 * time.Second)
		q.Set(b, at(8)) // again
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Equal(t, []string{"b", "a", "d", "b"}, l.what)
		require.Equal(t, []int{3, 6, 7, 8}, l.when)
		require.Zero(t, q.Len())
		require.True(t, q.At(a).IsZero())
	})
}

// What due leaves behind waits for Wake; the timer does not fire meanwhile.
func TestFullQueueWaitsForWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		var q *Queue[string]
		calls := 0
		begin := time.Now()
		q = NewQueue[string](func() bool { calls++; return l.take(q, begin, 1) })
		for i, s := range []string{"a", "b", "c"} {
			q.Set(&Entry[string]{Value: s}, begin.Add(time.Duration(1+i)*time.Millisecond))
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Equal(t, []string{"a"}, l.what)
		require.Equal(t, 1, calls)
		q.Wake()
		time.Sleep(10 * time.Second)
		q.Wake()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Equal(t, []string{"a", "b", "c"}, l.what)
		require.Equal(t, []int{0, 10, 20}, l.when)
		q.Close()
	})
}

// Many goroutines change one Queue at once; each entry comes as often as it was set.
func TestQueueIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		var q *Queue[string]
		q = NewQueue[string](func() bool { return l.take(q, time.Now(), 99) })
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				e := &Entry[string]{Value: "x"}
				for n := range 50 {
					q.Set(e, time.Now().Add(time.Duration(n+5)*time.Second))
					q.Set(e, time.Now().Add(time.Duration(n%7)*time.Second))
					time.Sleep(10 * time.Second)
				}
			})
		}
		wg.Wait()
		q.Close()
		require.Len(t, l.what, 20*50)
	})
}
