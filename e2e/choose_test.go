package e2e

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	shoalclient "github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/stretchr/testify/require"
)

// TestChoose wants one file of a large torrent, and then all of it. Of the first part no more
// may come than that file and two pieces, and nothing else may be seen on disk.
// SHOAL_CHOOSE_MIB asks for another size than 300 MiB; then one case runs at a time.
func TestChoose(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		seed   client // nil is Shoal
		format metainfo.Format
	}{
		{libtorrent{}, metainfo.V1},
		{libtorrent{}, metainfo.Hybrid},
		{libtorrent{}, metainfo.V2},
		{transmission{}, metainfo.V1},
		{nil, metainfo.V1},
	} {
		name := "shoal"
		if test.seed != nil {
			name = test.seed.String()
		}
		t.Run(name+"/"+test.format.String(), func(t *testing.T) {
			if chooseMiB == chooseHere {
				t.Parallel()
			}
			choose(t, test.seed, test.format)
		})
	}
}

// choose downloads the wanted file and then the rest from one seed.
func choose(t *testing.T, seed client, format metainfo.Format) {
	here := loopback()
	if seed != nil {
		need(t, seed)
		here = seed.place(t)
	}
	length := chooseMiB << 20
	if seed == (transmission{}) && chooseMiB == chooseHere {
		length /= 8 // a seed of its kind begins slowly
	}
	all := makeChoice(t, length)
	tor, file := all.torrent(t, builder.Options{Format: format, PieceLength: choosePiece})
	var addr netip.AddrPort
	if seed == nil {
		s := startShoal(t, here.ours, engine.Config{})
		s.seed(t, tor, all.dir)
		addr = s.Addrs()[0]
	} else {
		addr = seed.start(t, here, job{torrent: file, dir: all.dir, seed: true}).addr
	}
	m := startMeter(t, here.ours, addr)
	cfg := shoalclient.Config{Dir: t.TempDir(), State: t.TempDir(), Listen: shoalclient.Off}

	ours, mine := startClient(t, cfg, file, all.only(wantedFile))
	require.NoError(t, mine.AddPeers(m.addr()))
	all.waitFor(t, cfg.Dir, mine)
	all.requireWanted(t, cfg.Dir, format == metainfo.V1)
	first := mine.Stats()
	require.True(t, first.Finished())
	require.False(t, first.Complete())
	// The meter counts all that the peer sends: what it has, and a header for each block.
	const most = wantedLength + 2*choosePiece
	require.LessOrEqual(t, first.Down.Total, int64(most))
	require.LessOrEqual(t, m.received.Load(), int64(most+most/100+64<<10))

	// What was chosen holds in the next run too.
	require.NoError(t, ours.Close())
	all.requireWanted(t, cfg.Dir, format == metainfo.V1)
	ours, mine = startClient(t, cfg, file, shoalclient.AddOptions{})
	require.NoError(t, mine.AddPeers(m.addr()))
	require.NoError(t, mine.Wait(within(t)))
	require.False(t, mine.Stats().Complete())
	require.Equal(t, first.Down.Total, mine.Stats().Down.Total)

	wantAll(t, mine)
	ctx, cancel := context.WithTimeout(t.Context(), chooseLimit)
	defer cancel()
	require.NoError(t, mine.Wait(ctx), "%+v", mine.Stats())
	down := mine.Stats().Down.Total
	require.NoError(t, ours.Close())
	all.requireAll(t, cfg.Dir)
	// What came for the wanted file, and the bytes beside it, do not come again.
	require.Less(t, down, tor.Info.ContentLength()+choosePiece)
}

// startClient starts a client with one torrent. It ends with the test.
func startClient(t *testing.T, cfg shoalclient.Config, torrent string, o shoalclient.AddOptions) (*shoalclient.Client, *shoalclient.Torrent) {
	t.Helper()
	c, err := shoalclient.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	mine, err := c.Add(t.Context(), torrent, o)
	require.NoError(t, err)
	return c, mine
}

// wantAll gives every file the default priority.
func wantAll(t *testing.T, mine *shoalclient.Torrent) {
	t.Helper()
	files, err := mine.Files()
	require.NoError(t, err)
	priorities := make([]int, len(files))
	for i := range priorities {
		priorities[i] = shoalclient.DefaultPriority
	}
	require.NoError(t, mine.SetPriorities(priorities))
}

// waitFor waits until a torrent has what is wanted, and meanwhile looks for files that are not.
func (c choice) waitFor(t *testing.T, dir string, mine *shoalclient.Torrent) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- mine.Wait(ctx) }()
	for {
		select {
		case err := <-done:
			require.NoError(t, err, "%+v", mine.Stats())
			return
		case <-time.After(5 * time.Millisecond):
			require.Empty(t, c.unwantedOnDisk(t, dir))
		}
	}
}

// requireWanted fails the test unless dir has the wanted file as it is, and beside it nothing but
// a hidden part file, if the pieces of the file have bytes of others.
func (c choice) requireWanted(t *testing.T, dir string, hasPart bool) {
	t.Helper()
	requireSameFile(t, filepath.Join(c.dir, c.name, wantedFile), filepath.Join(dir, c.name, wantedFile))
	require.Empty(t, c.unwantedOnDisk(t, dir))
	require.Equal(t, hasPart, len(partFiles(t, dir)) == 1, "part files: %q", partFiles(t, dir))
}

// unwantedOnDisk returns the paths of files in dir that are neither the wanted one nor hidden.
func (c choice) unwantedOnDisk(t *testing.T, dir string) (paths []string) {
	t.Helper()
	all := regularFiles(t, dir) // before the part file is looked for, because that may be made meanwhile
	wanted, parts := filepath.Join(dir, c.name, wantedFile), partFiles(t, dir)
	for _, path := range all {
		if path != wanted && (len(parts) == 0 || path != parts[0]) {
			paths = append(paths, path)
		}
	}
	return paths
}

// partFiles returns the paths of the part files in dir.
func partFiles(t *testing.T, dir string) (paths []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") && strings.HasSuffix(e.Name(), ".part") {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths
}

// requireAll fails the test unless dir has every file as it is, and nothing else.
func (c choice) requireAll(t *testing.T, dir string) {
	t.Helper()
	want, got := regularFiles(t, c.dir), regularFiles(t, dir)
	require.Len(t, got, len(want), "%q", got)
	for _, path := range want {
		name, err := filepath.Rel(c.dir, path)
		require.NoError(t, err)
		requireSameFile(t, path, filepath.Join(dir, name))
	}
}
