package e2e

import (
	"testing"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/stretchr/testify/require"
)

// TestMixedSwarm has one seed, and all other kinds of clients and Shoal download
// at once, from the seed and from one another. They meet through our tracker.
func TestMixedSwarm(t *testing.T) {
	t.Parallel()
	for _, seed := range append([]client{nil}, clients...) {
		name := "shoal seeds"
		if seed != nil {
			name = seed.String() + " seeds"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mixed(t, seed)
		})
	}
}

// mixed runs a swarm in which seed has the content; nil is Shoal.
func mixed(t *testing.T, seed client) {
	for _, c := range clients {
		need(t, c)
	}
	here := apart(t)
	s := shape{"", 64 << 10, []int64{9<<20 + 321, 1, 0, 70000, 3 << 20}}
	content := s.make(t, 7)
	url := startTracker(t, here.ours)
	tor, file := content.torrent(t, builder.Options{PieceLength: s.pieceLength, Tiers: [][]string{{url}}})
	source, err := httptracker.New(url, httptracker.Config{})
	require.NoError(t, err)

	if seed == nil {
		first := startShoal(t, here.ours, engine.Config{})
		first.seed(t, tor, content.dir, source)
	} else {
		seed.start(t, here, job{torrent: file, dir: content.dir, seed: true})
	}
	type leech struct {
		client
		*partner
		dir string
	}
	var leeches []leech
	for _, c := range clients {
		if c != seed {
			dir := t.TempDir()
			leeches = append(leeches, leech{c, c.start(t, apart(t), job{torrent: file, dir: dir}), dir})
		}
	}
	dir := t.TempDir()
	// A source belongs to one engine.
	source, err = httptracker.New(url, httptracker.Config{})
	require.NoError(t, err)
	mine := startShoal(t, here.ours, engine.Config{}).get(t, tor, dir, source)
	require.NoError(t, mine.Wait(within(t)))
	content.requireEqual(t, dir, false)
	for _, l := range leeches {
		require.NoError(t, l.whole(within(t)), l.client)
		l.kill()
		content.requireEqual(t, l.dir, l.leavesOutEmpty())
	}
	require.Zero(t, mine.Stats().Wrong)
}
