package e2e

import (
	"fmt"
	"math"
	"net/netip"
	"testing"

	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/stretchr/testify/require"
)

// TestSuperSeeding has "shoal seed --super" feed three libtorrents that know each other, and
// one alone, which must get everything too. Three take little more than one from us.
func TestSuperSeeding(t *testing.T) {
	t.Parallel()
	lt := libtorrent{}
	need(t, lt)
	for _, test := range []struct {
		name     string
		leechers int
		most     float64 // bytes that we send, by those of the content
	}{
		{"one", 1, 1.1},
		{"three", 3, 1.5},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			here := lt.place(t)
			s := shape{"", 64 << 10, []int64{4<<20 + 321}}
			content := s.make(t, 31)
			tor, file := content.torrent(t, builder.Options{PieceLength: s.pieceLength})
			pieces := tor.Info.Pieces()
			ours := startProgram(t, "seed", "--super", file, "--dir", content.dir, "--listen", here.ours.String()+":0")
			seed := netip.MustParseAddrPort(ours.event(t, "listening").Address)
			ours.event(t, "checked")
			var leechers []*partner
			var dirs []string
			var known []netip.AddrPort
			for range test.leechers {
				dir := t.TempDir()
				p := lt.start(t, here, job{torrent: file, dir: dir, dial: append(known, seed)})
				leechers, dirs, known = append(leechers, p), append(dirs, dir), append(known, p.addr)
			}
			for i, p := range leechers {
				ahead := pieces
				require.NoError(t, p.line(within(t), func(s string) bool {
					_, err := fmt.Sscanf(s, "ahead %d", &ahead)
					return err == nil
				}))
				if test.leechers == 1 {
					require.Less(t, ahead, pieces/2, "it was shown many pieces at once")
				}
				require.NoError(t, p.whole(within(t)), i)
				content.requireEqual(t, dirs[i], false)
			}
			ours.skip()
			ours.event(t, "progress") // which may have been on its way
			sent := ours.event(t, "progress").Uploaded
			require.GreaterOrEqual(t, sent, tor.Info.Length)
			require.LessOrEqual(t, sent, int64(math.Ceil(test.most*float64(tor.Info.Length))))
		})
	}
}
