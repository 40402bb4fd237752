package disk

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestLimitServesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l Limit
		for range maxCalls {
			require.True(t, l.Acquire(nil))
		}
		var order []int
		closed := make(chan struct{})
		for i := range 3 {
			go func() {
				if l.Acquire([]chan struct{}{nil, closed, nil}[i]) {
					order = append(order, i)
				}
			}()
			synctest.Wait()
		}
		close(closed)
		synctest.Wait()
		require.Empty(t, order, "a caller who gives up takes no place")
		l.Release()
		synctest.Wait()
		require.Equal(t, []int{0}, order)
		l.Release()
		synctest.Wait()
		require.Equal(t, []int{0, 2}, order)
		for range maxCalls {
			l.Release()
		}
		require.Zero(t, l.calls)
		require.Empty(t, l.waiting)
	})
}

// TestPlaceThatNobodyTakes has a place come as its caller gives up.
func TestPlaceThatNobodyTakes(t *testing.T) {
	closed := make(chan struct{})
	close(closed)
	for range 100 {
		var l Limit
		for range maxCalls {
			l.Acquire(nil)
		}
		got := make(chan bool)
		go func() { got <- l.Acquire(closed) }()
		l.Release()
		if <-got {
			l.Release()
		}
		require.Equal(t, maxCalls-1, l.calls)
	}
}
