package e2e

import (
	"math"
	"testing"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/stretchr/testify/require"
)

// crashShape has more pieces than the least memory of an engine holds.
var crashShape = shape{"", 256 << 10, []int64{12<<20 + 77}}

// TestSeedCrashes kills each client while we download from it, and starts it
// again at the same address: we dial it again and go on where we stopped.
func TestSeedCrashes(t *testing.T) {
	t.Parallel()
	for _, c := range clients {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			need(t, c)
			here := c.place(t)
			content := crashShape.make(t, 4)
			tor, file := content.torrent(t, builder.Options{PieceLength: crashShape.pieceLength})
			theirs := c.start(t, here, job{torrent: file, dir: content.dir, seed: true})

			dir := t.TempDir()
			ours := startShoal(t, here.ours, engine.Config{Memory: 1 << 20})
			store := newGate(openStore(t, tor, dir), math.MaxInt64, 4<<20)
			mine := ours.addWith(t, tor, store, nil, sources(at(theirs.addr)))
			theirs.waitFor(t, store.reached)
			theirs.kill()
			store.open()
			ours.lost(t, theirs.addr)
			held := mine.Stats().Held
			require.Less(t, held, tor.Info.Pieces())

			again := c.start(t, here, job{torrent: file, dir: content.dir, seed: true, port: theirs.addr.Port()})
			require.Equal(t, theirs.addr, again.addr)
			require.NoError(t, mine.Wait(within(t)))
			content.requireEqual(t, dir, false)
			// What was under way when it was killed is all that comes twice.
			require.Less(t, mine.Stats().Down.Total, tor.Info.Length+2<<20)
		})
	}
}

// TestLeechCrashes kills each client while it downloads from us, and starts it
// again on what it left behind.
func TestLeechCrashes(t *testing.T) {
	t.Parallel()
	for _, c := range clients {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			need(t, c)
			here := c.place(t)
			content := crashShape.make(t, 5)
			url := startTracker(t, here.ours)
			tor, file := content.torrent(t, builder.Options{PieceLength: crashShape.pieceLength, Tiers: [][]string{{url}}})
			source, err := httptracker.New(url, httptracker.Config{})
			require.NoError(t, err)
			ours := startShoal(t, here.ours, awaitsDials)
			check := tor.Info.Length // is read as well
			store := newGate(openStore(t, tor, content.dir), check+5<<20, 0)
			mine := ours.addWith(t, tor, store, allOf(tor), sources(source))
			ours.announced(t)

			dir := t.TempDir()
			theirs := c.start(t, here, job{torrent: file, dir: dir})
			theirs.waitFor(t, store.reached)
			theirs.kill()
			store.open()
			ours.lost(t, theirs.addr)
			require.Less(t, mine.Stats().Up.Total, tor.Info.Length)

			again := c.start(t, here, job{torrent: file, dir: dir})
			require.NoError(t, again.whole(within(t)))
			again.kill()
			content.requireEqual(t, dir, c.leavesOutEmpty())
		})
	}
}
