package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

var errBadSector = errors.New("input/output error")

// badSector is a storage one byte of which cannot be read until it is repaired. It must not
// be written to.
type badSector struct {
	*swarm.Memory
	t        *testing.T
	at       int64
	repaired atomic.Bool
}

func (b *badSector) ReadAt(p []byte, off int64) (int, error) {
	if !b.repaired.Load() && off <= b.at && b.at < off+int64(len(p)) {
		return 0, errBadSector
	}
	return b.Memory.ReadAt(p, off)
}

func (b *badSector) WriteAt(p []byte, off int64) (int, error) {
	b.t.Errorf("%d bytes are written at %d", len(p), off)
	return 0, errBadSector
}

// ear is a source that remembers the events of announces, and knows nobody.
type ear struct {
	mu    sync.Mutex
	heard []swarm.Event
	left  int64
}

func (e *ear) Announce(_ context.Context, a swarm.Announcement, _ func(swarm.Address)) (swarm.Answer, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, a.Event)
	e.left = a.Left
	return swarm.Answer{Next: time.Minute, Min: time.Second, Seeds: -1, Leechers: -1}, nil
}

// A torrent that only uploads serves what can be read, tells sources that it is a partial
// seed, and checks the rest again until that can be read as well.
func TestPartialSeed(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 2<<20, 1<<18)
		seed, leech := r.engine("10.0.0.1", link, Config{}), r.engine("10.0.0.2", link, Config{})
		events := seed.Subscribe(0)
		disk, source := &badSector{Memory: s.filled(), t: t, at: 3<<18 + 100}, new(ear)
		spec := s.spec(disk, source)
		spec.Check, spec.UploadOnly = s.all(), true
		partial := r.add(seed, spec)
		other := s.spec(swarm.NewMemory(s.geometry.Length), list(at(seed)))
		download := r.add(leech, other)
		time.Sleep(90 * time.Second)
		require.Equal(t, PhaseRunning, partial.Stats().Phase)
		require.Equal(t, 7, download.Stats().Held, "all but the piece that cannot be read")

		disk.repaired.Store(true)
		r.wait(download, 10*time.Minute)
		require.True(t, partial.Stats().Complete())
		time.Sleep(2 * time.Minute) // for one more announce
		r.close(seed)
		require.Equal(t, swarm.Started, source.heard[0])
		require.Equal(t, swarm.Paused, source.heard[1])
		require.Equal(t, swarm.None, source.heard[len(source.heard)-2], "it is complete by then")
		require.Equal(t, swarm.Stopped, source.heard[len(source.heard)-1])
		require.False(t, slices.Contains(source.heard, swarm.Completed), "nothing was downloaded")
		require.Zero(t, source.left)
		warned := false
		for e := range events.All(t.Context()) {
			w, ok := e.(Warning)
			warned = warned || (ok && errors.Is(w.Err, errBadSector))
		}
		require.True(t, warned)
	})
}

// A torrent that may write fails: its user should look before anything is overwritten.
func TestUnreadablePieceFailsADownload(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 2<<20, 1<<18)
		e := r.engine("10.0.0.1", link, Config{})
		spec := s.spec(&badSector{Memory: s.filled(), t: t, at: 100})
		spec.Check = s.all()
		require.ErrorIs(t, r.add(e, spec).Wait(t.Context()), errBadSector)
	})
}
