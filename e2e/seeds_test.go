package e2e

import (
	"math"
	"net/netip"
	"slices"
	"testing"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/stretchr/testify/require"
)

// TestTwoSeeds downloads from two different clients at once; both have to do a
// part of it.
func TestTwoSeeds(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]client{{libtorrent{}, aria2{}}, {libtorrent{}, transmission{}}, {aria2{}, transmission{}}} {
		t.Run(pair[0].String()+" and "+pair[1].String(), func(t *testing.T) {
			t.Parallel()
			s := shape{"", 1 << 20, []int64{20<<20 + 5, 3 << 20}}
			content := s.make(t, 6)
			tor, file := content.torrent(t, builder.Options{PieceLength: s.pieceLength})
			var theirs []netip.AddrPort
			var here place
			for _, c := range pair {
				need(t, c)
				here = c.place(t)
				theirs = append(theirs, c.start(t, here, job{torrent: file, dir: content.dir, seed: true}).addr)
			}
			dir := t.TempDir()
			// With little memory and no piece written, both are asked before
			// either can have sent all.
			const memory = 4 << 20
			ours := startShoal(t, here.ours, engine.Config{Memory: memory})
			store := newGate(openStore(t, tor, dir), math.MaxInt64, 0)
			mine := ours.addWith(t, tor, store, nil, sources(at(theirs...)))
			until(t, func() bool {
				return len(mine.Peers()) == 2 && !slices.ContainsFunc(mine.Peers(), func(p engine.PeerStats) bool { return p.Choking })
			})
			store.open()
			require.NoError(t, mine.Wait(within(t)))
			for _, p := range mine.Peers() {
				require.Positive(t, p.Down.Total, "%s sent nothing", p.Client)
			}
			content.requireEqual(t, dir, false)
			// In the end game both are asked for the same blocks, for which there is
			// memory. A client that gets no processor for a while sends all of them before
			// it reads that we cancelled them.
			t.Logf("%d bytes wasted", mine.Stats().Wasted)
			requireCleanBut(t, mine, memory)
		})
	}
}
