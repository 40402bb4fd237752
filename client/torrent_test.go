package client_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/piecepicker"
	"github.com/shoal-bt/shoal/swarm"
)

func TestShow(t *testing.T) {
	b := content(4, 100_000)
	meta := torrentOf(t, "file.bin", b)
	meta.Tiers = [][]string{{"http://127.0.0.1:1/announce"}}
	half := seedOf(t, meta, b, 3)
	c := newClient(t, client.Config{PeerIDPrefix: "-XX0001-", UserAgent: "Test/1"})
	id := c.PeerID()
	require.Equal(t, "-XX0001-", string(id[:8]))
	tor, err := c.Add(within(t), meta)
	require.NoError(t, err)
	added(t, tor)
	_, known := tor.ETA()
	require.False(t, known)
	require.NoError(t, tor.AddPeers(half.Addr()))
	for i := range 3 {
		require.NoError(t, tor.Await(within(t), i))
	}
	require.Equal(t, 3, tor.Bitfield().Count())
	files, err := tor.Files()
	require.NoError(t, err)
	require.Len(t, files, 1)
	require.EqualExportedValues(t, client.File{Path: "file.bin", Name: "file.bin", Length: 100_000, Held: 3 * pieceLength, Priority: client.DefaultPriority}, files[0])
	require.InDelta(t, 0.49, files[0].Progress(), 0.01)
	require.InDelta(t, 0.49, tor.Progress(), 0.01)
	require.Equal(t, int64(100_000), tor.Length())
	peers := tor.Peers()
	require.Len(t, peers, 1)
	require.Equal(t, half.PeerID(), peers[0].ID)
	require.Equal(t, "Shoal/0.1.0", peers[0].Client)
	p := make([]byte, 10)
	_, err = tor.ReadAt(p, pieceLength)
	require.NoError(t, err)
	require.Equal(t, b[pieceLength:pieceLength+10], p)
	_, err = tor.ReadAt(p, 4*pieceLength)
	require.ErrorIs(t, err, engine.ErrNoPiece)
	m, err := metainfo.ParseMagnet(tor.Magnet())
	require.NoError(t, err)
	require.Equal(t, tor.IDs(), m.IDs())
	require.Equal(t, "file.bin", m.Name)
	require.Equal(t, meta.Tiers[0], m.Trackers)

	s := c.Stats()
	require.Equal(t, 1, s.Torrents)
	require.Zero(t, s.Complete)
	require.Equal(t, int64(3*pieceLength), s.Downloaded)
	require.InDelta(t, 0.49, s.Progress(), 0.01)
	found, err := c.Torrent(tor.ID())
	require.NoError(t, err)
	require.Same(t, tor, found)
	require.Equal(t, []*client.Torrent{tor}, c.Torrents())
}

func TestPause(t *testing.T) {
	b := content(5, 100_000)
	meta := torrentOf(t, "file.bin", b)
	half := seedOf(t, meta, b, 3)
	c := newClient(t, client.Config{})
	tor, err := c.Add(within(t), meta, client.AddOptions{Paused: true, Peers: []netip.AddrPort{half.Addr()}})
	require.NoError(t, err)
	require.Equal(t, engine.PhasePaused, added(t, tor).Phase)
	require.Empty(t, tor.Peers())
	require.NoError(t, tor.Resume())
	require.NoError(t, tor.Await(within(t), 2))
	require.NoError(t, tor.Pause())
	require.Empty(t, tor.Peers())
	require.NoError(t, tor.AddPeers(half.Addr()))
	require.Equal(t, engine.PhasePaused, tor.Stats().Phase)
	require.Zero(t, tor.Stats().Dialing)
	require.NoError(t, tor.Resume())
	require.Eventually(t, func() bool { return len(tor.Peers()) == 1 }, testTimeout, time.Millisecond)
	lost := tor.Events(engine.OnPeerLost|engine.OnPeerBanned, 0)
	addr := tor.Peers()[0].Addr
	tor.RemovePeer(addr)
	until[engine.PeerLost](t, lost)
	tor.Ban(addr.Addr())
	until[engine.PeerBanned](t, lost)
}

func TestSeedSources(t *testing.T) {
	b := content(6, 70_000)
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	f, err := w.Create("in/side.bin")
	require.NoError(t, err)
	_, err = f.Write(b)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	zipped, err := zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
	require.NoError(t, err)
	disk := filepath.Join(t.TempDir(), "side.bin")
	require.NoError(t, os.WriteFile(disk, b, 0o666))
	named := func(name string) client.SeedOptions {
		o := small()
		o.Build.Name = name
		return o
	}
	root := small()
	root.Root = "in"
	for _, test := range []struct {
		name    string
		content any
		o       client.SeedOptions
		path    string
	}{
		{"path", disk, small(), "side.bin"},
		{"path renamed", disk, named("other"), "other"},
		{"bytes", b, named("bytes"), "bytes"},
		{"fs", fstest.MapFS{"a/side.bin": {Data: b}}, named("top"), "top/a/side.bin"},
		{"fs root", fs.FS(zipped), root, "in/side.bin"},
		{"zip", zipped, named("top"), "top/in/side.bin"},
	} {
		t.Run(test.name, func(t *testing.T) {
			seeder := newClient(t, client.Config{State: t.TempDir()})
			seed, err := seeder.Seed(within(t), test.content, test.o)
			require.NoError(t, err)
			require.Zero(t, added(t, seed).ToCheck)
			c := newClient(t, client.Config{})
			tor, err := c.Add(within(t), metaOf(t, seed), client.AddOptions{Peers: []netip.AddrPort{seeder.Addr()}})
			require.NoError(t, err)
			require.NoError(t, tor.Wait(within(t)))
			got, err := os.ReadFile(filepath.Join(tor.Dir(), filepath.FromSlash(test.path)))
			require.NoError(t, err)
			require.Equal(t, b, got)
			require.NoError(t, seeder.Remove(seed, client.Keep))
		})
	}
	got, err := os.ReadFile(disk)
	require.NoError(t, err)
	require.Equal(t, b, got)
}

// TestSeedIsNotOurs expects Remove with Delete to keep the content of a seed.
func TestSeedIsNotOurs(t *testing.T) {
	dir := folder(t)
	c := newClient(t, client.Config{State: t.TempDir()})
	seed, err := c.Seed(within(t), dir, small())
	require.NoError(t, err)
	require.NoError(t, c.Remove(seed, client.Delete))
	require.FileExists(t, filepath.Join(dir, "one.bin"))
}

func TestOtherParts(t *testing.T) {
	b := content(7, 200_000)
	meta := torrentOf(t, "file.bin", b)
	seeder := seedOf(t, meta, b, meta.Info.Pieces())
	memory := swarm.NewMemory(int64(len(b)))
	picked, sourced := false, false
	c := newClient(t, client.Config{
		NewStorage: func(*metainfo.Torrent, string) (swarm.Storage, error) { return memory, nil },
		NewPicker: func(m *metainfo.Torrent) swarm.Picker {
			picked = true
			return piecepicker.NewSequential(m.Info.Geometry(), piecepicker.Config{})
		},
		NewSources: func(*metainfo.Torrent) ([]swarm.PeerSource, error) {
			sourced = true
			return []swarm.PeerSource{swarm.List{{AddrPort: seeder.Addr()}}}, nil
		},
	})
	tor, err := c.Add(within(t), meta)
	require.NoError(t, err)
	require.NoError(t, tor.Wait(within(t)))
	require.True(t, picked && sourced)
	got := make([]byte, len(b))
	_, err = memory.ReadAt(got, 0)
	require.NoError(t, err)
	require.Equal(t, b, got)
	require.NoFileExists(t, filepath.Join(tor.Dir(), "file.bin"))
}

func TestFormats(t *testing.T) {
	dir := folder(t)
	for _, format := range []metainfo.Format{metainfo.V1, metainfo.V2, metainfo.Hybrid} {
		t.Run(fmt.Sprint(format), func(t *testing.T) {
			seeder := newClient(t, client.Config{})
			o := small()
			o.Build.Format = format
			seed, err := seeder.Seed(within(t), dir, o)
			require.NoError(t, err)
			b, err := metaOf(t, seed).Bytes()
			require.NoError(t, err)
			c := newClient(t, client.Config{State: t.TempDir()})
			s := c.Events(client.OnFile, 0)
			tor, err := c.Add(within(t), b, client.AddOptions{Peers: []netip.AddrPort{seeder.Addr()}})
			require.NoError(t, err)
			require.NoError(t, tor.Wait(within(t)))
			sameTree(t, dir, filepath.Join(tor.Dir(), "album"))
			for range 3 {
				until[client.FileCompleted](t, s)
			}
			files, err := tor.Files()
			require.NoError(t, err)
			for _, f := range files {
				require.Equal(t, f.Length, f.Held, f.Path)
				require.False(t, strings.Contains(f.Path, ".pad"), f.Path)
			}
		})
	}
}

// TestCycles adds and removes torrents many times, and leaves nothing behind.
func TestCycles(t *testing.T) {
	b := content(8, 100_000)
	meta := torrentOf(t, "file.bin", b)
	c := newClient(t, client.Config{})
	kept := newClient(t, client.Config{State: t.TempDir()})
	once := func(c *client.Client) {
		tor, err := c.Add(t.Context(), meta)
		require.NoError(t, err)
		require.NoError(t, c.Remove(tor, client.Delete))
	}
	measure := func() (int, uint64) {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return runtime.NumGoroutine(), m.HeapAlloc
	}
	for range 50 {
		once(c)
		once(kept)
	}
	goroutines, heap := measure()
	for range 1000 {
		once(c)
	}
	for range 50 {
		once(kept)
	}
	now, after := measure()
	for range 1000 { // what ends takes its time
		if now <= goroutines {
			break
		}
		now, after = measure()
	}
	require.LessOrEqual(t, now, goroutines)
	require.Less(t, int64(after)-int64(heap), int64(256<<10), "bytes of heap that stay")
}
