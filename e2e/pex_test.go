package e2e

import (
	"context"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/pex"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// pexLimit bounds the wait for a peer that another one names. Transmission sends a message
// of peer exchange every 90 s, libtorrent and we every 60 s.
const pexLimit = 3 * limit

// pexClients are the clients that exchange peers with peers.
var pexClients = []client{libtorrent{}, transmission{}}

// TestPEXIn has each client name two seeds to us: one in its first message, and one in a
// later message, which also says that the first has gone. Nobody else could tell us of them.
func TestPEXIn(t *testing.T) {
	t.Parallel()
	for _, c := range pexClients {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			need(t, c)
			s := startPEXSwarm(t, c)
			first := s.startSeed(t, s.theirs.addr)
			first.awaitInterested(t)
			ours := startApart(t, withPEX)
			dir := t.TempDir()
			mine := ours.get(t, s.torrent, dir, at(s.theirs.addr))
			require.True(t, ours.awaitPeer(t, first.addr()).Outgoing, "the seed found us")

			second := s.startSeed(t, s.theirs.addr)
			require.NoError(t, first.Close())
			require.True(t, ours.awaitPeer(t, second.addr()).Outgoing, "the seed found us")
			s.finish(t, mine, dir)
		})
	}
}

// TestPEXOut has us name two seeds to each client, in the same way.
func TestPEXOut(t *testing.T) {
	t.Parallel()
	for _, c := range pexClients {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			need(t, c)
			s := startPEXSwarm(t, c)
			first := s.startSeed(t)
			ours := startApart(t, withPEX)
			dir := t.TempDir()
			mine := ours.get(t, s.torrent, dir, at(first.Addrs()[0], s.theirs.addr))
			require.False(t, first.awaitPeer(t, s.theirs.addr.Addr()).Outgoing, "the seed found the client")

			second := s.startSeed(t)
			mine.AddPeers(at(second.Addrs()[0])...)
			require.NoError(t, first.Close())
			require.False(t, second.awaitPeer(t, s.theirs.addr.Addr()).Outgoing, "the seed found the client")
			s.finish(t, mine, dir)
		})
	}
}

// withPEX has an engine exchange peers with peers.
var withPEX = engine.TorrentConfig{Extensions: []engine.ExtensionMaker{pex.New}}

// A pexSwarm is a torrent without a tracker, and a foreign client that knows nobody else.
type pexSwarm struct {
	client
	content content
	torrent *metainfo.Torrent
	theirs  *partner
	dir     string      // the client's
	open    atomic.Bool // seeds upload
}

func startPEXSwarm(t *testing.T, c client) *pexSwarm {
	t.Helper()
	shape := shape{"", 64 << 10, []int64{1<<20 + 321}}
	s := &pexSwarm{client: c, content: shape.make(t, 41), dir: t.TempDir()}
	tor, file := s.content.torrent(t, builder.Options{PieceLength: shape.pieceLength})
	s.torrent = tor
	s.theirs = c.start(t, apart(t), job{torrent: file, dir: s.dir, pex: true})
	return s
}

// startSeed starts a seed that knows some peers. It has no peer exchange, so nobody hears of
// others from it. Until finish it chokes everybody, because clients do not name seeds to seeds.
func (s *pexSwarm) startSeed(t *testing.T, peers ...netip.AddrPort) *shoal {
	t.Helper()
	seed := startApart(t, engine.TorrentConfig{
		NewChoker:   func() engine.Choker { return closedChoker{engine.NewTitForTat(), &s.open} },
		AllowedFast: engine.Off,
	})
	seed.seed(t, s.torrent, s.content.dir, at(peers...))
	return seed
}

// finish has the seeds upload, and checks what we and the foreign client have then.
func (s *pexSwarm) finish(t *testing.T, mine *engine.Torrent, dir string) {
	t.Helper()
	s.open.Store(true)
	require.NoError(t, mine.Wait(within(t)))
	s.content.requireEqual(t, dir, false)
	require.NoError(t, s.theirs.whole(within(t)))
	s.theirs.kill()
	s.content.requireEqual(t, s.dir, s.leavesOutEmpty())
}

// startApart starts an engine that listens at an address of its own, and dials from there.
func startApart(t *testing.T, cfg engine.TorrentConfig) *shoal {
	t.Helper()
	addr := ownAddr(t)
	return startShoal(t, addr, engine.Config{Dialer: connect.TCP{Local: []netip.Addr{addr}}, Torrent: cfg})
}

// addr returns the address at which the engine listens, without its port.
func (s *shoal) addr() netip.Addr { return s.Addrs()[0].Addr() }

// awaitPeer waits until a peer with an address is connected.
func (s *shoal) awaitPeer(t *testing.T, addr netip.Addr) engine.PeerConnected {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), pexLimit)
	defer cancel()
	return s.awaitUntil(t, ctx, func(ev engine.Event) bool {
		p, ok := ev.(engine.PeerConnected)
		return ok && p.Addr.Addr() == addr
	}).(engine.PeerConnected)
}

// awaitInterested waits until a peer is interested. Then it has read our extension handshake,
// which follows what we have, and knows at which port we listen.
func (s *shoal) awaitInterested(t *testing.T) {
	t.Helper()
	until(t, func() bool {
		return slices.ContainsFunc(s.Torrents()[0].Peers(), func(p engine.PeerStats) bool { return p.Interested })
	})
}

// A closedChoker unchokes nobody until it is open.
type closedChoker struct {
	engine.Choker
	open *atomic.Bool
}

// Unchoke implements engine.Choker.
func (c closedChoker) Unchoke(dst []swarm.Peer, now time.Time, peers []engine.PeerRate, slots int, seeding bool) []swarm.Peer {
	if !c.open.Load() {
		return dst
	}
	return c.Choker.Unchoke(dst, now, peers, slots, seeding)
}
