package e2e

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/lsd"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// lsdCases are the clients that find peers on the local network. Transmission 3.00 does so
// over IPv4 alone.
var lsdCases = []struct {
	client
	is6 bool
}{
	{libtorrent{}, false},
	{libtorrent{}, true},
	{transmission{}, false},
}

// TestLSDIn has each client announce a torrent, of which we are there to hear. We dial it.
func TestLSDIn(t *testing.T) {
	t.Parallel()
	for _, c := range lsdCases {
		t.Run(lsdName(c.client, c.is6), func(t *testing.T) {
			t.Parallel()
			s := startLocalSwarm(t, c.client, c.is6)
			ours, dir := s.startShoal(t), t.TempDir()
			mine := ours.get(t, s.torrent, dir)
			source := s.listen(t, func(p swarm.Address) { mine.AddPeers(p) })
			mine.AddSource(silent{source})
			s.startTheirs(t, s.content.dir, true)
			require.True(t, s.awaitPeer(t, ours).Outgoing, "the client found us")
			require.NoError(t, mine.Wait(within(t)))
			s.content.requireEqual(t, dir, false)
		})
	}
}

// TestLSDOut has us announce a torrent to each client, which dials us.
func TestLSDOut(t *testing.T) {
	t.Parallel()
	for _, c := range lsdCases {
		t.Run(lsdName(c.client, c.is6), func(t *testing.T) {
			t.Parallel()
			s := startLocalSwarm(t, c.client, c.is6)
			heard := make(chan swarm.Address, 1)
			watcher := s.listen(t, func(p swarm.Address) {
				select {
				case heard <- p:
				default: // it is us, later
				}
			})
			_, err := watcher.Announce(t.Context(), swarm.Announcement{Swarm: s.torrent.IDs()[0]}, nil)
			require.NoError(t, err)
			dir := t.TempDir()
			theirs := s.startTheirs(t, dir, false)
			select { // who announces hears, too
			case p := <-heard:
				require.Equal(t, theirs.addr, p.AddrPort)
			case <-within(t).Done():
				require.FailNow(t, "the client announced nothing")
			}
			ours := s.startShoal(t)
			ours.seed(t, s.torrent, s.content.dir, deaf{s.listen(t, nil)})
			require.False(t, s.awaitPeer(t, ours).Outgoing, "we found the client")
			require.NoError(t, theirs.whole(within(t)))
			theirs.kill()
			s.content.requireEqual(t, dir, s.client.leavesOutEmpty())
		})
	}
}

// TestLSDOfShoal has two programs find each other, in two namespaces, by local discovery alone: each
// by its defaults, but that no DHT is there.
func TestLSDOfShoal(t *testing.T) {
	t.Parallel()
	for _, is6 := range []bool{false, true} {
		t.Run(lsdName(itself{}, is6), func(t *testing.T) {
			t.Parallel()
			s := startLocalSwarm(t, itself{}, is6)
			seed := launch(t, s.there.namespace, shoalProgram(t), "seed", s.file, "--dir", s.content.dir, "--no-dht", "--no-lsd=false",
				"--listen", netip.AddrPortFrom(s.there.theirs, 6881).String(), "--json", "--state", t.TempDir())
			seed.event(t, "listening")
			dir := t.TempDir()
			get := startProgram(t, "get", s.torrent.Magnet().String(), "--no-dht", "--no-lsd=false",
				"--listen", netip.AddrPortFrom(s.there.ours, 0).String(), "--dir", dir)
			get.event(t, "completed")
			s.content.requireEqual(t, dir, false)
		})
	}
}

// itself is the program, as a client of startLocalSwarm. It needs nothing else installed.
type itself struct{ client }

func (itself) String() string { return "shoal" }

func (itself) programs() []string { return nil }

func lsdName(c client, is6 bool) string {
	if is6 {
		return c.String() + " over IPv6"
	}
	return c.String()
}

// A localSwarm is a torrent without a tracker on a network of its own, where a client is
// that knows nobody.
type localSwarm struct {
	client
	content content
	torrent *metainfo.Torrent
	file    string
	network *network
	there   place
}

func startLocalSwarm(t *testing.T, c client, is6 bool) *localSwarm {
	t.Helper()
	need(t, c)
	shape := shape{"", 64 << 10, []int64{1<<20 + 321}}
	s := &localSwarm{client: c, content: shape.make(t, 61), network: ownNetwork(t)}
	s.torrent, s.file = s.content.torrent(t, builder.Options{PieceLength: shape.pieceLength})
	n := s.network
	s.there = place{namespace: n.name, theirs: n.addr(2), ours: n.addr(1)}
	// Transmission joins the group where the system leads it, and sends from the first address.
	require.NoError(t, ip("-n", n.name, "route", "add", "239.0.0.0/8", "dev", n.link("b")))
	if is6 {
		s.there.theirs, s.there.ours = n.addr6(2), n.addr6(1)
		require.NoError(t, ip("-n", n.name, "addr", "add", s.there.theirs.String()+"/64", "dev", n.link("b"), "nodad"))
		require.NoError(t, ip("addr", "add", s.there.ours.String()+"/64", "dev", n.link("a"), "nodad"))
	}
	return s
}

// addr6 returns an address of IPv6 for a host that has one of IPv4.
func (n *network) addr6(last byte) netip.Addr {
	return netip.AddrFrom16([16]byte{0: 0xfd, 1: n.prefix[0], 2: n.prefix[1], 3: n.prefix[2], 15: last})
}

// listen returns a Source on this network alone.
func (s *localSwarm) listen(t *testing.T, onPeer func(swarm.Address)) *lsd.Source {
	t.Helper()
	c := lsd.Config{
		From:      []netip.Addr{s.there.ours},
		Interface: func(i net.Interface) bool { return i.Name == s.network.link("a") },
	}
	if onPeer != nil {
		c.OnPeer = func(_ swarm.ID, p swarm.Address) { onPeer(p) }
	}
	source := lsd.New(c)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("lsd: %+v", source.Stats())
		}
		require.NoError(t, source.Close())
	})
	return source
}

func (s *localSwarm) startTheirs(t *testing.T, dir string, isSeed bool) *partner {
	t.Helper()
	return s.client.start(t, s.there, job{torrent: s.file, dir: dir, seed: isSeed, lsd: true})
}

// startShoal starts an engine on this network.
func (s *localSwarm) startShoal(t *testing.T) *shoal {
	t.Helper()
	return startShoal(t, s.there.ours, engine.Config{Dialer: connect.TCP{Local: []netip.Addr{s.there.ours}}})
}

// awaitPeer waits until the client is connected to an engine.
func (s *localSwarm) awaitPeer(t *testing.T, ours *shoal) engine.PeerConnected {
	t.Helper()
	return ours.await(t, func(ev engine.Event) bool {
		p, ok := ev.(engine.PeerConnected)
		return ok && p.Addr.Addr() == s.there.theirs
	}).(engine.PeerConnected)
}

// A silent source hears, but announces nothing.
type silent struct{ swarm.PeerSource }

// Announce implements swarm.PeerSource.
func (s silent) Announce(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	a.Port = 0
	return s.PeerSource.Announce(ctx, a, found)
}

// A deaf source announces, but hears nothing.
type deaf struct{ swarm.PeerSource }

// Announce implements swarm.PeerSource.
func (d deaf) Announce(ctx context.Context, a swarm.Announcement, _ func(swarm.Address)) (swarm.Answer, error) {
	return d.PeerSource.Announce(ctx, a, func(swarm.Address) {})
}
