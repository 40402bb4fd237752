package client

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

// TestLazyStorage uses the optional abilities of a Storage.
func TestLazyStorage(t *testing.T) {
	r := &recorder{interval: time.Hour}
	defer r.stop()
	l := &lazyStorage{torrent: new(Torrent), open: &handle{swarm.NewMemory(10), r}}
	_, err := l.WriteAt([]byte{1}, 10)
	var broken *StoreError
	require.ErrorAs(t, err, &broken)
	require.False(t, r.savePending())
	require.ErrorIs(t, l.Sync(), err, "nobody knows what is stored")
	l.torrent.forgetContentError()
	n, err := swarm.WriteVecAt(l, [][]byte{{1, 2}, {3}}, 1)
	require.NoError(t, err)
	require.Equal(t, int64(3), n)
	require.True(t, r.savePending())
	p := make([]byte, 3)
	_, err = swarm.ReadVecAt(l, [][]byte{p[:1], p[1:]}, 1)
	require.NoError(t, err)
	require.Equal(t, []byte{1, 2, 3}, p)
	require.NoError(t, swarm.Sync(l))
	require.NoError(t, l.Close())
}

// fewLanes is a Storage with lanes.
type fewLanes struct{ swarm.Storage }

func (fewLanes) WriteLane(off int64) int { return int(off / 5) }

// TestLanesOfALazyStorage asks for lanes when it must not wait.
func TestLanesOfALazyStorage(t *testing.T) {
	l := &lazyStorage{torrent: new(Torrent), open: &handle{swarm.NewMemory(10), nil}}
	require.Negative(t, l.WriteLane(7), "its storage has none")
	l.open.Storage = fewLanes{l.open.Storage}
	require.Equal(t, 1, l.WriteLane(7))
	l.mu.RLock() // a call is under way
	require.Equal(t, 1, l.WriteLane(7))
	l.mu.RUnlock()
	l.mu.Lock() // it is being closed
	require.Negative(t, l.WriteLane(7))
	l.open = nil
	l.mu.Unlock()
	require.Negative(t, l.WriteLane(7), "it is idle")
}

// TestStorageStartsARecorder adds a torrent to the engine while a read reopens it. The one
// that comes last must start the recorder.
func TestStorageStartsARecorder(t *testing.T) {
	for range 1000 {
		l := &lazyStorage{}
		r := &recorder{interval: -1}
		var wg sync.WaitGroup
		wg.Go(l.startSaving)
		wg.Go(func() { // as reopen does
			l.mu.Lock()
			defer l.mu.Unlock()
			l.open = &handle{swarm.NewMemory(1), r}
			if l.started.Load() {
				r.start()
			}
		})
		wg.Wait()
		require.True(t, r.started)
	}
}
