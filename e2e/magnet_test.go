package e2e

import (
	"net/netip"
	"testing"

	shoalclient "github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/stretchr/testify/require"
)

// linkShape has metadata of three pieces.
var linkShape = shape{"", 16 << 10, smallFiles(500)}

// A linkCase is a client, and a format whose links it knows.
type linkCase struct {
	client
	format metainfo.Format
}

func (c linkCase) String() string { return c.client.String() + ", " + c.format.String() }

// linkCases are the clients with v1, and with hybrids the one that has them.
var linkCases = []linkCase{
	{libtorrent{}, metainfo.V1},
	{libtorrent{}, metainfo.Hybrid},
	{transmission{}, metainfo.V1},
	{aria2{}, metainfo.V1},
}

// TestLinkFrom runs "shoal get" with a magnet link. It finds each client by the tracker
// that the link names.
func TestLinkFrom(t *testing.T) {
	t.Parallel()
	for _, c := range linkCases {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			need(t, c.client)
			here := c.place(t)
			content := linkShape.make(t, 21)
			url := startTracker(t, here.ours)
			tor, file := content.torrent(t, builder.Options{Format: c.format, PieceLength: linkShape.pieceLength, Tiers: [][]string{{url}}})
			c.start(t, here, job{torrent: file, dir: content.dir, seed: true})
			dir := t.TempDir()
			getLink(t, tor.Magnet(), dir, "--listen", here.ours.String()+":0")
			content.requireEqual(t, dir, false)
		})
	}
}

// getLink runs "shoal get" with a link until it ends.
func getLink(t *testing.T, link *metainfo.Magnet, dir string, args ...string) {
	t.Helper()
	p := startProgram(t, append([]string{"get", link.String(), "--dir", dir, "--quit-after-complete"}, args...)...)
	select {
	case <-p.done:
	case <-within(t).Done():
		require.FailNow(t, "it took too long")
	}
	require.NoError(t, p.err)
}

// TestLinkTo has each client download from us by a magnet link. It finds us by the tracker
// that the link names.
func TestLinkTo(t *testing.T) {
	t.Parallel()
	for _, c := range linkCases {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			need(t, c.client)
			here := c.place(t)
			content := linkShape.make(t, 22)
			url := startTracker(t, here.ours)
			tor, file := content.torrent(t, builder.Options{Format: c.format, PieceLength: linkShape.pieceLength, Tiers: [][]string{{url}}})
			ours := startProgram(t, "seed", file, "--dir", content.dir, "--listen", here.ours.String()+":0")
			ours.event(t, "tracker")
			dir := t.TempDir()
			theirs := c.start(t, here, job{torrent: tor.Magnet().String(), dir: dir})
			require.NoError(t, theirs.whole(within(t)))
			theirs.kill()
			content.requireEqual(t, dir, c.leavesOutEmpty())
		})
	}
}

// TestLinkOneOfThree has one peer with the metadata and two that wait for it themselves.
// The two get all of it from us, who began with the link.
func TestLinkOneOfThree(t *testing.T) {
	t.Parallel()
	lt := libtorrent{}
	need(t, lt)
	here := lt.place(t)
	for _, format := range []metainfo.Format{metainfo.V1, metainfo.Hybrid} {
		t.Run(format.String(), func(t *testing.T) {
			t.Parallel()
			content := linkShape.make(t, 23)
			tor, file := content.torrent(t, builder.Options{Format: format, PieceLength: linkShape.pieceLength})
			link := tor.Magnet()
			var waiting []*partner
			var dirs []string
			for range 2 {
				dir := t.TempDir()
				p := lt.start(t, here, job{torrent: link.String(), dir: dir})
				waiting, dirs = append(waiting, p), append(dirs, dir)
			}
			cfg := shoalclient.Config{Dir: t.TempDir(), State: t.TempDir(), Listen: here.ours.String() + ":0"}
			ours, err := shoalclient.New(cfg)
			require.NoError(t, err)
			defer func() { require.NoError(t, ours.Close()) }()
			mine, err := ours.Add(t.Context(), link, shoalclient.AddOptions{Peers: []netip.AddrPort{waiting[0].addr, waiting[1].addr}})
			require.NoError(t, err)
			until(t, func() bool { return mine.Fetch().Peers == 2 })
			seed := lt.start(t, here, job{torrent: file, dir: content.dir, seed: true})
			require.NoError(t, mine.AddPeers(seed.addr))
			require.NoError(t, mine.Wait(within(t)), "%+v", mine.Fetch())
			content.requireEqual(t, cfg.Dir, false)
			for i, p := range waiting {
				require.NoError(t, p.whole(within(t)), i)
				p.kill()
				content.requireEqual(t, dirs[i], false)
			}
		})
	}
}

// TestLinkOpentracker has "shoal get" find "shoal seed" through opentracker, which its link
// names by HTTP or UDP.
func TestLinkOpentracker(t *testing.T) {
	t.Parallel()
	content := linkShape.make(t, 24)
	tor, file := content.torrent(t, builder.Options{PieceLength: linkShape.pieceLength})
	address := startOpentracker(t, tor.IDs()...)
	for _, url := range []string{"http://" + address + "/announce", "udp://" + address} {
		t.Run(url[:3], func(t *testing.T) {
			ours := startProgram(t, "seed", file, "--dir", content.dir, "--listen", "127.0.0.1:0", "--announce", url)
			ours.event(t, "tracker")
			link := tor.Magnet()
			link.Trackers = []string{url}
			dir := t.TempDir()
			getLink(t, link, dir, "--listen", "127.0.0.1:0")
			content.requireEqual(t, dir, false)
		})
	}
}
