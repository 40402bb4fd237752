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
	l := &lazyStorage{open: &handle{swarm.NewMemory(10), r}}
	_, err := l.WriteAt([]byte{1}, 10)
	var broken *StoreError
	require.ErrorAs(t, err, &broken)
	require.False(t, r.savePending())
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
