package engine

import (
	"context"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// final is what remains of a torrent that is closed.
type lastState struct {
	stats   Stats
	pieces  swarm.Bitfield
	spilled map[int][]int
	err     error
}

// An end is the closing of a torrent.
type closing struct {
	began chan struct{} // last is what was known when Close began
	done  chan struct{} // Close is through
	last  lastState
}

// A life is a context that ends when Close begins.
type closeCtx struct {
	context.Context
	stop context.CancelFunc
}

// context returns a context that ends when Close begins.
func (t *Torrent) context() context.Context {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.life == nil {
		t.life = new(closeCtx)
		t.life.Context, t.life.stop = context.WithCancel(context.Background())
		if t.closing {
			t.life.stop()
		}
	}
	return t.life
}

// isClosing reports whether Close began.
func (t *Torrent) isClosing() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.closing
}

// remains returns the last figures: as they were when Close began while it is under
// way, so that nobody waits for slow sources.
func (t *Torrent) lastFigures() lastState {
	<-t.end.began
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.end.last
}

// leave notes what remains of the torrent.
func (t *Torrent) saveLast(now time.Time, s *state, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end.last = lastState{s.snapshot(now), s.have.Clone(), s.inStore(), err}
}
