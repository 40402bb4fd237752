package engine

import (
	"context"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// deaf is a source that never answers when it is told that we stopped.
type deaf struct{}

func (deaf) Announce(ctx context.Context, a swarm.Announcement, _ func(swarm.Address)) (swarm.Answer, error) {
	if a.Event == swarm.Stopped {
		<-ctx.Done()
	}
	return swarm.Answer{Next: time.Hour}, ctx.Err()
}

// TestFiguresWhileClosing asks a torrent whose Close waits for a source.
func TestFiguresWhileClosing(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		e := r.engine("10.0.0.1", link, Config{})
		x := r.seed(e, s, deaf{})
		time.Sleep(time.Second)
		began := time.Now()
		done := make(chan error, 1)
		go func() { done <- x.Close() }()
		time.Sleep(time.Second)
		st, held := x.Stats(), x.Pieces()
		require.Equal(t, time.Second, time.Since(began), "they wait for nobody")
		require.Equal(t, PhaseClosed, st.Phase)
		require.Equal(t, 4, st.Held)
		require.Equal(t, s.all(), held)
		require.NoError(t, <-done)
		require.Equal(t, stoppedTimeout, time.Since(began))
		require.Equal(t, stoppedTimeout+time.Second, x.Stats().Run, "then they are the last ones")
	})
}
