package client_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
)

const pieceLength = 16 << 10

// torrentOf returns the torrent of bytes, in small pieces.
func torrentOf(t *testing.T, name string, b []byte) *metainfo.Torrent {
	t.Helper()
	tor, err := builder.Options{PieceLength: pieceLength}.Bytes(t.Context(), name, b)
	require.NoError(t, err)
	return tor
}

// added waits until the torrent knows what it holds.
func added(t *testing.T, tor *client.Torrent) engine.Stats {
	t.Helper()
	require.Eventually(t, func() bool { return tor.Stats().Phase != engine.PhaseChecking }, testTimeout, 1e6)
	return tor.Stats()
}

// seedOf seeds bytes, or as many of their pieces from the start as parts says.
func seedOf(t *testing.T, meta *metainfo.Torrent, b []byte, pieces int) *client.Client {
	t.Helper()
	c := newClient(t, client.Config{})
	some := make([]byte, len(b))
	copy(some, b[:min(pieces*pieceLength, len(b))])
	require.NoError(t, os.WriteFile(filepath.Join(dirOf(t, c, meta), meta.Info.Name), some, 0o666))
	tor, err := c.Torrent(meta.IDs()[0])
	require.NoError(t, err)
	require.NoError(t, tor.Recheck(within(t)))
	require.Equal(t, pieces, tor.Stats().Held)
	return c
}

// dirOf adds a torrent of which nothing is there and returns its folder.
func dirOf(t *testing.T, c *client.Client, meta *metainfo.Torrent) string {
	t.Helper()
	tor, err := c.Add(within(t), meta)
	require.NoError(t, err)
	return tor.Dir()
}

// A place is where runs of one torrent after the other keep their things.
type place struct {
	meta       *metainfo.Torrent
	dir, state string
}

// run adds the torrent to a client of its own.
func (p place) run(t *testing.T, o client.AddOptions, use func(*client.Torrent)) {
	t.Helper()
	c, err := client.New(client.Config{Dir: p.dir, State: p.state, Listen: client.Off})
	require.NoError(t, err)
	tor, err := c.Add(within(t), p.meta, o)
	require.NoError(t, err)
	use(tor)
	require.NoError(t, c.Close())
}

// expect runs the torrent and looks at how many pieces it held and checked.
func (p place) expect(t *testing.T, o client.AddOptions, held, checked int) {
	t.Helper()
	p.run(t, o, func(tor *client.Torrent) {
		s := added(t, tor)
		require.Equal(t, held, s.Held)
		require.Equal(t, checked, s.ToCheck)
	})
}

func TestResume(t *testing.T) {
	const n = 40
	b := content(1, n*pieceLength-5)
	p := place{torrentOf(t, "file.bin", b), t.TempDir(), t.TempDir()}
	part, whole := seedOf(t, p.meta, b, n/2), seedOf(t, p.meta, b, n)
	p.run(t, client.AddOptions{}, func(tor *client.Torrent) {
		require.NoError(t, tor.AddPeers(part.Addr()))
		for i := range n / 2 {
			require.NoError(t, tor.Await(within(t), i))
		}
	})
	p.run(t, client.AddOptions{}, func(tor *client.Torrent) {
		s := added(t, tor)
		require.Equal(t, n/2, s.Held)
		require.Zero(t, s.ToCheck, "a clean record needs no check")
		require.Equal(t, int64(n/2*pieceLength), s.Down.Total, "totals are over all runs")
		require.NoError(t, tor.AddPeers(whole.Addr()))
		require.NoError(t, tor.Wait(within(t)))
	})
	got, err := os.ReadFile(filepath.Join(p.dir, "file.bin"))
	require.NoError(t, err)
	require.Equal(t, b, got)
	p.expect(t, client.AddOptions{}, n, 0)
}

// TestDistrust changes what is there between runs.
func TestDistrust(t *testing.T) {
	const n = 10
	b := content(1, n*pieceLength)
	p := place{torrentOf(t, "file.bin", b), t.TempDir(), t.TempDir()}
	path := filepath.Join(p.dir, "file.bin")
	require.NoError(t, os.WriteFile(path, b, 0o666))
	p.expect(t, client.AddOptions{}, n, n)
	p.expect(t, client.AddOptions{}, n, 0)
	p.expect(t, client.AddOptions{Recheck: true}, n, n)

	b[0]++
	require.NoError(t, os.WriteFile(path, b, 0o666))
	p.expect(t, client.AddOptions{}, n-1, n)
	p.expect(t, client.AddOptions{Trust: true}, n, 0)

	// A damaged record costs a check and nothing else.
	records, err := filepath.Glob(filepath.Join(p.state, "torrents", "*", "*", "resume"))
	require.NoError(t, err)
	require.Len(t, records, 1)
	require.NoError(t, os.WriteFile(records[0], []byte("d3:foo"), 0o666))
	p.expect(t, client.AddOptions{}, n-1, n)
}

func TestForeignFiles(t *testing.T) {
	b := content(2, 100_000)
	meta := torrentOf(t, "file.bin", b)
	dir, state := t.TempDir(), t.TempDir()
	path := filepath.Join(dir, "file.bin")
	require.NoError(t, os.WriteFile(path, []byte("mine"), 0o666))
	c := newClient(t, client.Config{Dir: dir, State: state})
	_, err := c.Add(within(t), meta)
	var size *diskstore.SizeError
	require.ErrorAs(t, err, &size)
	require.Equal(t, int64(4), size.Have)
	require.Equal(t, int64(100_000), size.Want)
	require.ErrorContains(t, err, "4 bytes")
	require.ErrorContains(t, err, "100000")
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "mine", string(got))
	require.Empty(t, c.Torrents())

	// In the right size it is checked.
	half := append(b[:50_000:50_000], make([]byte, 50_000)...)
	require.NoError(t, os.WriteFile(path, half, 0o666))
	tor, err := c.Add(within(t), meta)
	require.NoError(t, err)
	s := added(t, tor)
	require.Equal(t, 50_000/pieceLength, s.Held)
	require.Equal(t, meta.Info.Pieces(), s.ToCheck)
	require.NoError(t, c.Remove(tor, client.Delete))
	require.FileExists(t, path, "it is not ours to delete")
}

func TestRemoveDeletesWhatIsOurs(t *testing.T) {
	source := folder(t)
	seeder := newClient(t, client.Config{})
	seed, err := seeder.Seed(within(t), source, small())
	require.NoError(t, err)
	for _, what := range []client.Content{client.Keep, client.Delete} {
		state := t.TempDir()
		c := newClient(t, client.Config{State: state})
		tor, err := c.Add(within(t), metaOf(t, seed))
		require.NoError(t, err)
		album := filepath.Join(tor.Dir(), "album")
		require.NoError(t, os.MkdirAll(filepath.Join(album, "two"), 0o777))
		note := filepath.Join(album, "two", "note.txt")
		require.NoError(t, os.WriteFile(note, []byte("x"), 0o666))
		require.NoError(t, tor.AddPeers(seeder.Addr()))
		require.NoError(t, tor.Wait(within(t)))
		require.NoError(t, c.Remove(tor, what))
		require.FileExists(t, note)
		left, err := filepath.Glob(filepath.Join(album, "*"))
		require.NoError(t, err)
		if what == client.Delete {
			require.Equal(t, []string{filepath.Join(album, "two")}, left)
			require.NoFileExists(t, filepath.Join(album, "two", "a.bin"))
		} else {
			sameTree(t, source, album)
		}
		records, err := filepath.Glob(filepath.Join(state, "torrents", "*", "*"))
		require.NoError(t, err)
		require.Empty(t, records)
	}
}

// TestOwnershipOutlastsTheRun deletes in the second run what the first one made,
// but not a folder that the user made.
func TestOwnershipOutlastsTheRun(t *testing.T) {
	source := folder(t)
	seeder := newClient(t, client.Config{})
	seed, err := seeder.Seed(within(t), source, small())
	require.NoError(t, err)
	dir, state := t.TempDir(), t.TempDir()
	for run := range 2 {
		c, err := client.New(client.Config{Dir: dir, State: state, Listen: client.Off})
		require.NoError(t, err)
		tor, err := c.Add(within(t), metaOf(t, seed))
		require.NoError(t, err)
		require.NoError(t, tor.AddPeers(seeder.Addr()))
		require.NoError(t, tor.Wait(within(t)))
		if run == 1 {
			require.NoError(t, c.Remove(tor, client.Delete))
		}
		require.NoError(t, c.Close())
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestTwoFolders(t *testing.T) {
	b := content(3, 100_000)
	meta := torrentOf(t, "file.bin", b)
	seeder := seedOf(t, meta, b, meta.Info.Pieces())
	state := t.TempDir()
	one, two := t.TempDir(), t.TempDir()
	get := func(dir string) {
		c, err := client.New(client.Config{Dir: dir, State: state, Listen: client.Off})
		require.NoError(t, err)
		tor, err := c.Add(within(t), meta)
		require.NoError(t, err)
		require.NoError(t, tor.AddPeers(seeder.Addr()))
		require.NoError(t, tor.Wait(within(t)))
		require.NoError(t, c.Close())
	}
	get(one)
	get(two)
	c, err := client.New(client.Config{Dir: one, State: state, Listen: client.Off})
	require.NoError(t, err)
	tor, err := c.Add(within(t), meta)
	require.NoError(t, err)
	require.Zero(t, added(t, tor).ToCheck, "the record of the other folder did not replace it")
	require.NoError(t, c.Remove(tor, client.Delete))
	require.NoError(t, c.Close())
	require.NoFileExists(t, filepath.Join(one, "file.bin"))
	require.FileExists(t, filepath.Join(two, "file.bin"))
}

func TestAddIsCutShort(t *testing.T) {
	c := newClient(t, client.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Seed(ctx, folder(t), small())
	require.ErrorIs(t, err, context.Canceled)
	_, err = c.Add(ctx, "http://192.0.2.1/x.torrent")
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, c.Torrents())
}
