package engine

import (
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// final is what remains of a torrent that is closed.
type final struct {
	stats   Stats
	pieces  swarm.Bitfield
	spilled map[int][]int
	err     error
}

// remains returns the last figures: as they were when Close began while it is under
// way, so that nobody waits for slow sources.
func (t *Torrent) remains() final {
	<-t.ended
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last
}

// leave notes what remains of the torrent.
func (t *Torrent) leave(now time.Time, s *state, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = final{s.snapshot(now), s.have.Clone(), s.inStore(), err}
}
