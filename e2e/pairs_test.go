package e2e

import (
	"testing"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/stretchr/testify/require"
)

// TestDownload downloads from each client, which we dial.
func TestDownload(t *testing.T) {
	t.Parallel()
	for _, c := range clients {
		for _, s := range shapes {
			t.Run(c.String()+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				need(t, c)
				download(t, c, c.place(t), s, metainfo.V1)
			})
		}
	}
}

// TestUpload has each client download from us. It finds us by a tracker.
func TestUpload(t *testing.T) {
	t.Parallel()
	for _, c := range clients {
		for _, s := range shapes {
			t.Run(c.String()+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				need(t, c)
				upload(t, c, c.place(t), s, metainfo.V1)
			})
		}
	}
}

func download(t *testing.T, c client, here place, s shape, f metainfo.Format) {
	content := s.make(t, 1)
	tor, file := content.torrent(t, builder.Options{Format: f, PieceLength: s.pieceLength})
	theirs := c.start(t, here, job{torrent: file, dir: content.dir, seed: true})

	dir := t.TempDir()
	ours := startShoal(t, here.ours, engine.Config{})
	mine := ours.get(t, tor, dir, at(theirs.addr))
	require.NoError(t, mine.Wait(within(t)))
	content.requireEqual(t, dir, false)
	requireClean(t, mine)
}

func upload(t *testing.T, c client, here place, s shape, f metainfo.Format) {
	content := s.make(t, 2)
	url := startTracker(t, here.ours)
	tor, file := content.torrent(t, builder.Options{Format: f, PieceLength: s.pieceLength, Tiers: [][]string{{url}}})
	source, err := httptracker.New(url, httptracker.Config{})
	require.NoError(t, err)
	ours := startShoal(t, here.ours, awaitsDials)
	mine := ours.seed(t, tor, content.dir, source)
	ours.announced(t)

	dir := t.TempDir()
	theirs := c.start(t, here, job{torrent: file, dir: dir})
	require.NoError(t, theirs.whole(within(t)))
	theirs.kill()
	content.requireEqual(t, dir, c.leavesOutEmpty())
	require.GreaterOrEqual(t, mine.Stats().Up.Total, tor.Info.ContentLength())
}

// awaitsDials is for seeds that others shall dial.
var awaitsDials = engine.Config{Torrent: engine.TorrentConfig{SeedOutgoing: engine.Off}}

// requireClean fails the test if a download went less smoothly than it may with
// one honest peer.
func requireClean(t *testing.T, mine *engine.Torrent) {
	t.Helper()
	requireCleanBut(t, mine, 0)
}

// requireCleanBut is requireClean for a transfer in which some bytes may come twice.
func requireCleanBut(t *testing.T, mine *engine.Torrent, twice int64) {
	t.Helper()
	s := mine.Stats()
	require.Zero(t, s.Wrong, "pieces that failed their check")
	require.Less(t, s.Wasted, s.Length/20+1+twice, "bytes wasted")
}
