package connection

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func TestAdmitTakesACreditForABlockThatFits(t *testing.T) {
	for _, test := range []struct {
		name    string
		credits int64
		length  int
		want    bool
		left    int64
	}{
		{"a whole block", 2, swarm.BlockLen, true, 1},
		{"a short block", 2, 1, true, 1},
		{"the last credit", 1, swarm.BlockLen, true, 0},
		{"no credit", 0, swarm.BlockLen, false, 0},
		{"longer than a buffer", 2, swarm.BlockLen + 1, false, 2},
	} {
		var tally Tally
		tally.credits.Store(test.credits)
		require.Equal(t, test.want, tally.Admit(test.length), test.name)
		require.Equal(t, test.left, tally.credits.Load(), test.name)
		counted := 0
		if test.want {
			counted = test.length
		}
		require.Equal(t, int64(counted), tally.Down.Load(), test.name)
		if test.want {
			tally.TakeBack(test.length)
			require.Equal(t, test.credits, tally.credits.Load(), test.name)
			require.Zero(t, tally.Down.Load(), test.name)
		}
	}
}

// The State adds credits and takes back those of requests that it gives up, while the
// reader admits blocks. No credit may be used twice, and none may be lost.
func TestAdmitTakesNoMoreThanTheCredits(t *testing.T) {
	const (
		readers = 4
		rounds  = 20_000
		each    = 3 // credits that are added in a round
	)
	var tally Tally
	var admitted atomic.Int64
	var takenBack int
	var group sync.WaitGroup
	start := make(chan struct{})
	for range readers {
		group.Go(func() {
			<-start
			for range rounds {
				if tally.Admit(swarm.BlockLen) {
					admitted.Add(1)
				}
			}
		})
	}
	group.Go(func() {
		<-start
		for range rounds {
			tally.credits.Add(each)
			takenBack += tally.TakeCredits(1)
		}
	})
	close(start)
	group.Wait()
	require.GreaterOrEqual(t, tally.credits.Load(), int64(0))
	require.Equal(t, int64(rounds*each), admitted.Load()+int64(takenBack)+tally.credits.Load())
	require.Equal(t, admitted.Load()*swarm.BlockLen, tally.Down.Load())
}

func TestAdmitSharesFewCredits(t *testing.T) {
	const credits = 20_000
	var tally Tally
	tally.credits.Store(credits)
	var admitted atomic.Int64
	var group sync.WaitGroup
	start := make(chan struct{})
	for range 8 {
		group.Go(func() {
			<-start
			for range credits {
				if tally.Admit(1) {
					admitted.Add(1)
				}
			}
		})
	}
	close(start)
	group.Wait()
	require.Equal(t, int64(credits), admitted.Load())
	require.Zero(t, tally.credits.Load())
}

func TestTakeCreditsTakesWhatIsThere(t *testing.T) {
	var tally Tally
	tally.credits.Store(5)
	require.Equal(t, 3, tally.TakeCredits(3))
	require.Equal(t, 2, tally.TakeCredits(3))
	require.Zero(t, tally.TakeCredits(3))
	require.Zero(t, tally.credits.Load())
}
