package engine

import (
	"testing"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/simnet"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/storagetest"
	"github.com/stretchr/testify/require"
)

// halves is a Storage with two lanes, whose border lies within a block.
type halves struct {
	*storagetest.Faulty
	border int64
}

func (h halves) WriteLane(off int64) int {
	if off < h.border {
		return 0
	}
	return 1
}

// TestDownloadInLanes has short pieces, long ones that are written in sections, and
// memory so short that blocks are written early.
func TestDownloadInLanes(t *testing.T) {
	for _, test := range []struct {
		name     string
		piece    int64
		sections bool
		memory   int64
	}{
		{"pieces", 1 << 16, false, 0},
		{"sections", 2 << 20, true, 0},
		{"early", 2 << 20, false, 1 << 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				s := newSample(1, 8<<20, test.piece)
				seed, leech := r.engine("10.0.0.1", link, Config{}), r.engine("10.0.0.2", link, Config{Memory: test.memory})
				r.seed(seed, s)
				disk := storagetest.NewFaulty(swarm.NewMemory(s.geometry.Length))
				disk.Delay(30 * time.Millisecond)
				spec := s.spec(halves{disk, 3<<20 + 77}, list(at(seed)))
				spec.Sections = test.sections
				r.wait(r.add(leech, spec), 10*time.Minute)
				s.has(t, disk)
			})
		})
	}
}

// TestCloseWaitsForTheQueue closes a torrent while one write is under way and others wait
// for it. No piece is held before its bytes are written.
func TestCloseWaitsForTheQueue(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 2<<20, 1<<16)
		seed, leech := r.engine("10.0.0.1", simnet.Link{}, Config{}), r.engine("10.0.0.2", simnet.Link{}, Config{})
		r.seed(seed, s)
		m := swarm.NewMemory(s.geometry.Length)
		disk := storagetest.NewFaulty(m)
		release := disk.Block(storagetest.Write)
		x := r.add(leech, s.spec(halves{disk, s.geometry.Length}, list(at(seed))))
		time.Sleep(time.Second)
		require.Equal(t, 1, disk.Blocked())
		require.Zero(t, x.Stats().Held)
		done := make(chan error, 1)
		go func() { done <- x.Close() }()
		time.Sleep(time.Hour)
		require.Empty(t, done)
		require.False(t, disk.Closed())
		require.Equal(t, 1, disk.Calls(storagetest.Write))
		release()
		require.NoError(t, <-done)
		require.True(t, disk.Closed())
		require.Equal(t, s.geometry.Pieces(), x.Stats().Held)
		require.Less(t, disk.Calls(storagetest.Write), s.geometry.Pieces(), "those that waited went together")
		s.has(t, m)
	})
}
