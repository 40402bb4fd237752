package client

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/metainfo/builder"
)

// An answerer answers every announce, and counts them.
type answerer struct{ announces atomic.Int64 }

func (a *answerer) RoundTrip(*http.Request) (*http.Response, error) {
	a.announces.Add(1)
	body := io.NopCloser(strings.NewReader("d8:intervali1800e5:peers0:e"))
	return &http.Response{StatusCode: http.StatusOK, Body: body, Header: make(http.Header)}, nil
}

// heapInUse returns the bytes on the heap that are in use.
func heapInUse() int64 {
	var s runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first one only finalized
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}

// TestRestingTorrentIsSmall counts the bytes that an idle torrent with a tracker keeps on the
// heap, because people seed thousands. Questions do not have it grow. What only a busy torrent
// needs is made when it is needed. The DHT costs each torrent one more source, and no goroutine.
// What all share may grow, because more is under way at once on a busy machine.
func TestRestingTorrentIsSmall(t *testing.T) {
	t.Run("tracker", func(t *testing.T) { testRestingTorrentIsSmall(t, false, 2700) })
	t.Run("tracker and DHT", func(t *testing.T) { testRestingTorrentIsSmall(t, true, 3050) })
}

// testRestingTorrentIsSmall bounds the bytes of each torrent.
func testRestingTorrentIsSmall(t *testing.T, withDHT bool, most int64) {
	const (
		many   = 200      // torrents
		shared = 64 << 10 // bytes
	)
	dir := t.TempDir()
	var tracker answerer
	c, err := New(Config{
		Dir:     dir,
		State:   t.TempDir(),
		Listen:  Off,
		Tracker: httptracker.Config{Client: &http.Client{Transport: &tracker}},
		DHT:     withDHT,
		Node:    dht.Config{Routers: []string{}},
	})
	require.NoError(t, err)
	defer c.Close()
	o := builder.Options{Tiers: [][]string{{"http://tracker.test/announce"}}}
	add := func(name string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(name), 0o666))
		meta, err := o.Bytes(t.Context(), name, []byte(name))
		require.NoError(t, err)
		b, err := meta.Bytes()
		require.NoError(t, err)
		_, err = c.Add(t.Context(), b, AddOptions{Trust: true})
		require.NoError(t, err)
	}
	add("first") // makes what all share
	before := heapInUse()
	for i := range many {
		add(fmt.Sprintf("%04d", i))
	}
	goroutines := runtime.NumGoroutine()
	isSmall := func() bool {
		if tracker.announces.Load() <= many {
			return false
		}
		return (heapInUse()-before-shared)/many <= most
	}
	require.Eventually(t, isSmall, time.Minute, 10*time.Millisecond)
	for _, tor := range c.Torrents() {
		require.Equal(t, int64(0), tor.Stats().Left)
		require.Empty(t, tor.Peers())
		require.Len(t, tor.Trackers(), 1)
		require.NotEmpty(t, tor.Magnet())
	}
	require.Eventually(t, isSmall, time.Minute, 10*time.Millisecond)
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines }, time.Minute, time.Millisecond)
	t.Logf("%d bytes of each torrent", (heapInUse()-before)/many)
	require.Equal(t, withDHT, c.DHTStats().Open)
}
