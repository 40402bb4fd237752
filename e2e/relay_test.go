package e2e

import (
	"testing"

	shoalclient "github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/stretchr/testify/require"
)

// TestClient has package client take a torrent from each client and pass it on to
// a fresh one of the same kind, with a restart in between.
func TestClient(t *testing.T) {
	t.Parallel()
	for _, c := range clients {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			need(t, c)
			relay(t, c)
		})
	}
}

func relay(t *testing.T, c client) {
	here := c.place(t)
	s := shape{"", 64 << 10, []int64{2<<20 + 99, 0, 30000, 1 << 20}}
	content := s.make(t, 9)
	url := startTracker(t, here.ours)
	tor, file := content.torrent(t, builder.Options{PieceLength: s.pieceLength, Tiers: [][]string{{url}}})
	first := c.start(t, here, job{torrent: file, dir: content.dir, seed: true})

	cfg := shoalclient.Config{Dir: t.TempDir(), State: t.TempDir(), Listen: here.ours.String() + ":0"}
	ours, err := shoalclient.New(cfg)
	require.NoError(t, err)
	mine, err := ours.Add(within(t), file)
	require.NoError(t, err)
	err = mine.Wait(within(t))
	first.kill()
	down := mine.Stats().Down.Total
	require.NoError(t, ours.Close())
	require.NoError(t, err, "%+v", mine.Stats())
	content.requireEqual(t, cfg.Dir, false)

	// What it has written down is enough to go on with.
	ours, err = shoalclient.New(cfg)
	require.NoError(t, err)
	defer func() { require.NoError(t, ours.Close()) }()
	mine, err = ours.Add(within(t), file)
	require.NoError(t, err)
	require.NoError(t, mine.Wait(within(t)))
	dir := t.TempDir()
	second := c.start(t, here, job{torrent: file, dir: dir})
	require.NoError(t, second.whole(within(t)))
	second.kill()
	content.requireEqual(t, dir, c.leavesOutEmpty())
	require.Equal(t, down, mine.Stats().Down.Total, "downloaded again")
	require.GreaterOrEqual(t, mine.Stats().Up.Total, tor.Info.Length)
}
