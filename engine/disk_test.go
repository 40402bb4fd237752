package engine

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestDiskServesInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d callLimit
		for range mostCalls {
			require.True(t, d.enter(nil))
		}
		var order []int
		closed := make(chan struct{})
		for i := range 3 {
			go func() {
				if d.enter([]chan struct{}{nil, closed, nil}[i]) {
					order = append(order, i)
				}
			}()
			synctest.Wait()
		}
		close(closed)
		synctest.Wait()
		require.Empty(t, order, "who gives up takes no place")
		d.leave()
		synctest.Wait()
		require.Equal(t, []int{0}, order)
		d.leave()
		synctest.Wait()
		require.Equal(t, []int{0, 2}, order)
		for range mostCalls {
			d.leave()
		}
		require.Zero(t, d.calls)
		require.Empty(t, d.waiting)
	})
}

// TestDiskTurnThatNobodyTakes is one that comes as its caller gives up.
func TestDiskTurnThatNobodyTakes(t *testing.T) {
	closed := make(chan struct{})
	close(closed)
	for range 100 {
		var d callLimit
		for range mostCalls {
			d.enter(nil)
		}
		got := make(chan bool)
		go func() { got <- d.enter(closed) }()
		d.leave()
		if <-got {
			d.leave()
		}
		require.Equal(t, mostCalls-1, d.calls)
	}
}
