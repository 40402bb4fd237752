package client_test

import (
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/swarm"
)

// No test reaches the DHT of the world, whatever its settings.
func init() { dht.DefaultRouters = nil }

// loopback opens a UDP socket on this machine.
func loopback(t *testing.T) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

// startDHT starts a DHT of some nodes on this machine, at least 4, and returns their addresses
// when they know one another.
func startDHT(t *testing.T, nodes int) (addrs []string) {
	t.Helper()
	first := []string{}
	var all []*dht.Node
	for range nodes {
		conn := loopback(t)
		n, err := dht.Open(dht.Config{Conn4: conn, Nodes: first, Routers: []string{}, QueriesPerAddr: -1})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, n.Close()) })
		addrs, all = append(addrs, conn.LocalAddr().String()), append(all, n)
		first = addrs[:1]
	}
	for _, n := range all { // the first ones came when nobody was there
		n.Bootstrap()
		require.Eventually(t, func() bool {
			v4, _ := n.Stats()
			return v4.Nodes >= 3
		}, testTimeout, time.Millisecond)
	}
	return addrs
}

// withDHT returns settings of a client that knows some nodes. All have one address here.
func withDHT(routers ...string) client.Config {
	if routers == nil {
		routers = []string{}
	}
	return client.Config{DHT: true, Node: dht.Config{Routers: routers, QueriesPerAddr: -1}}
}

// awaitAnnounce waits until the DHT has taken an announce.
func awaitAnnounce(t *testing.T, s *client.Stream) {
	t.Helper()
	until[client.SourceReply](t, s)
}

func TestDHTIsOffByDefault(t *testing.T) {
	c := newClient(t, client.Config{})
	seed, err := c.Seed(within(t), []byte("fish"), client.SeedOptions{Build: builder.Options{Name: "fish.txt"}})
	require.NoError(t, err)
	require.Empty(t, seed.Sources())
	require.Zero(t, c.DHTStats())
	_, err = c.DHT()
	require.ErrorIs(t, err, client.ErrDHTOff)
}

// TestLinkWithoutTrackers downloads what is found in the DHT alone. The torrent is a hybrid, so
// it is announced in both of its swarms, and the link may name either.
func TestLinkWithoutTrackers(t *testing.T) {
	nodes := startDHT(t, 12)
	dir := folder(t)
	seeder := newClient(t, withDHT(nodes[0]))
	events := seeder.Events(client.AllEvents, 0)
	o := small()
	o.Build.Format = metainfo.Hybrid
	seed, err := seeder.Seed(within(t), dir, o)
	require.NoError(t, err)
	awaitAnnounce(t, events)
	require.Len(t, seed.Sources(), 2)
	isNew := func(s engine.SourceStats) bool { return !s.Registered }
	areTold := func() bool { return !slices.ContainsFunc(seed.Sources(), isNew) }
	require.Eventually(t, areTold, testTimeout, time.Millisecond)
	for _, s := range seed.Sources() {
		require.WithinDuration(t, time.Now().Add(dht.AnnounceEvery), s.Next, time.Minute)
	}

	info := metaOf(t, seed).Info
	for what, source := range map[string]any{"v1": info.IDs()[0], "v2": &metainfo.Magnet{HashV2: info.HashV2}, "both": seed.Magnet()} {
		leecher := newClient(t, withDHT(nodes[3]))
		tor, err := leecher.Add(within(t), source)
		require.NoError(t, err, what)
		require.NoError(t, tor.Wait(within(t)), what)
		sameTree(t, dir, filepath.Join(tor.Dir(), "album"))
		st := leecher.DHTStats()
		require.True(t, st.Open && st.Ready)
		require.NotZero(t, st.Nodes)
		require.NoError(t, st.Err)
		require.Equal(t, leecher.Addr(), st.Addrs[0], "the port is that of the peers")
	}
}

// A counted is a socket that counts what is sent.
type counted struct {
	net.PacketConn
	sent   atomic.Int64
	failed atomic.Bool
}

var errSocket = errors.New("the network is gone")

func (c *counted) WriteTo(b []byte, to net.Addr) (int, error) {
	c.sent.Add(1)
	return c.PacketConn.WriteTo(b, to)
}

func (c *counted) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.PacketConn.ReadFrom(b)
	if c.failed.Load() {
		return 0, nil, errSocket
	}
	return n, from, err
}

// TestPrivateTorrentsNeverReachTheDHT has torrents that are private from the start, and a link
// that proves private when its metadata comes.
func TestPrivateTorrentsNeverReachTheDHT(t *testing.T) {
	nodes := startDHT(t, 4)
	private := func(name string) client.SeedOptions {
		return client.SeedOptions{Build: builder.Options{Name: name, Private: true, Tiers: [][]string{{"http://127.0.0.1:1/announce"}}}}
	}
	config := withDHT(nodes[0])
	conn := &counted{PacketConn: loopback(t)}
	config.Node.Conn4 = conn
	seeder := newClient(t, config)
	seed, err := seeder.Seed(within(t), []byte("secret fish"), private("secret.txt"))
	require.NoError(t, err)
	seed.Announce()
	require.Len(t, seed.Sources(), 1)
	require.NoError(t, seed.Pause())
	require.NoError(t, seed.Resume())
	require.False(t, seeder.DHTStats().Open)
	require.Zero(t, conn.sent.Load())

	leecher := newClient(t, withDHT(nodes[0]))
	events := leecher.Events(client.AllEvents, 0)
	tor, err := leecher.Add(within(t), seed.ID(), client.AddOptions{Paused: true})
	require.NoError(t, err)
	require.NoError(t, tor.Resume())
	until[client.DHTBootstrapped](t, events)
	require.NoError(t, tor.AddPeers(seeder.Addr()))
	require.NoError(t, tor.Ready(within(t)))
	require.NoError(t, tor.Wait(within(t)))
	require.True(t, metaOf(t, tor).Info.Private)
	require.Eventually(t, func() bool { return !leecher.DHTStats().Open }, testTimeout, time.Millisecond)
	for _, s := range tor.Sources() {
		require.NotEqual(t, "DHT", s.Source.(interface{ String() string }).String())
	}
	tor.Announce()
	require.False(t, leecher.DHTStats().Open)

	_, err = leecher.Seed(within(t), []byte("fish"), client.SeedOptions{Build: builder.Options{Name: "fish.txt"}})
	require.NoError(t, err)
	until[client.DHTBootstrapped](t, events)
	require.True(t, leecher.DHTStats().Open, "a public torrent opens it again")
	public, err := leecher.Torrent(leecher.Torrents()[1].ID())
	require.NoError(t, err)
	require.NoError(t, leecher.Remove(public, client.Keep))
	require.False(t, leecher.DHTStats().Open, "only a private torrent is left")
}

// TestDHTIsSaved starts from the nodes of the former run alone. A second client with the same
// folder has an id of its own.
func TestDHTIsSaved(t *testing.T) {
	nodes := startDHT(t, 4)
	state := t.TempDir()
	run := func(config client.Config) (id nodeid.ID) {
		config.State = state
		c := newClient(t, config)
		events := c.Events(client.OnDHT, 0)
		n, err := c.DHT()
		require.NoError(t, err)
		boot, _ := until[client.DHTBootstrapped](t, events)
		require.NoError(t, boot.Err)
		require.NotZero(t, boot.Nodes)
		id = n.Save().ID4
		require.NoError(t, c.Close())
		return id
	}
	first := run(withDHT(nodes[0]))
	require.FileExists(t, filepath.Join(state, "dht"))
	require.Equal(t, first, run(withDHT()), "without routers")

	c := newClient(t, func() client.Config { o := withDHT(); o.State = state; return o }())
	n, err := c.DHT()
	require.NoError(t, err)
	require.Equal(t, first, n.Save().ID4)
	require.NotEqual(t, first, run(withDHT()), "beside another client")

	before, err := os.ReadFile(filepath.Join(state, "dht"))
	require.NoError(t, err)
	require.NoError(t, c.Close())
	damaged := before[:len(before)/2]
	require.NoError(t, os.WriteFile(filepath.Join(state, "dht"), damaged, 0o600))
	require.NotEqual(t, first, run(withDHT(nodes[0])))
	after, err := os.ReadFile(filepath.Join(state, "dht"))
	require.NoError(t, err)
	_, err = dht.ParseSaved(after)
	require.NoError(t, err)
}

// TestNodeIDOfTheUser gives the node an id, which it keeps if that fits its address.
func TestNodeIDOfTheUser(t *testing.T) {
	config := withDHT(startDHT(t, 4)...)
	config.Node.Saved.ID4 = nodeid.ID{1, 2, 3}
	n, err := newClient(t, config).DHT()
	require.NoError(t, err)
	require.Equal(t, nodeid.ID{1, 2, 3}, n.Save().ID4)
}

// TestNodesThatNobodyKnowsAreNotSaved keeps what a former run has saved if no node answers.
func TestNodesThatNobodyKnowsAreNotSaved(t *testing.T) {
	state := t.TempDir()
	config := withDHT()
	config.State = state
	c := newClient(t, config)
	events := c.Events(client.OnDHT, 0)
	_, err := c.DHT()
	require.NoError(t, err)
	boot, _ := until[client.DHTBootstrapped](t, events)
	require.ErrorIs(t, client.ErrorOf(boot), dht.ErrNoNodes)
	require.ErrorIs(t, c.DHTStats().Err, dht.ErrNoNodes)
	require.NoError(t, c.Close())
	require.NoFileExists(t, filepath.Join(state, "dht"))
	_, err = c.DHT()
	require.ErrorIs(t, err, dht.ErrClosed)
}

// TestTorrentInTheStateFolderLeavesTheDHTAlone adds a torrent that has the name of the file.
func TestTorrentInTheStateFolderLeavesTheDHTAlone(t *testing.T) {
	dir := t.TempDir()
	meta, err := builder.Options{}.Bytes(t.Context(), "dht", []byte("fish"))
	require.NoError(t, err)
	c := newClient(t, client.Config{Dir: dir, State: dir})
	_, err = c.Add(within(t), meta)
	require.ErrorIs(t, err, client.ErrState)
	_, err = os.Stat(filepath.Join(dir, "dht"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// TestReadOnlyWithoutListeners does not answer a query if peers are not accepted.
func TestReadOnlyWithoutListeners(t *testing.T) {
	nodes := startDHT(t, 4)
	config := withDHT(nodes[0])
	conn := loopback(t)
	config.Node.Conn4 = conn
	config.Listen = client.Off
	c := newClient(t, config)
	events := c.Events(client.OnDHT, 0)
	n, err := c.DHT()
	require.NoError(t, err)
	until[client.DHTBootstrapped](t, events)
	_, err = n.Find(within(t), nodeid.ID{1})
	require.NoError(t, err)
	before := c.DHTStats().V4.Ignored
	stranger := loopback(t)
	ping := krpc.Message{Kind: krpc.Query, Method: krpc.Ping, Transaction: []byte("aa"), ID: nodeid.ID{7}}
	_, err = stranger.WriteTo(ping.AppendTo(nil), conn.LocalAddr())
	require.NoError(t, err)
	require.Eventually(t, func() bool { return c.DHTStats().V4.Ignored > before }, testTimeout, time.Millisecond)
	require.NoError(t, stranger.SetReadDeadline(time.Now()))
	_, _, err = stranger.ReadFrom(make([]byte, 100))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

// TestNodesOfTorrentsHelp gets to know the DHT from a .torrent file, and from the peer of a link.
func TestNodesOfTorrentsHelp(t *testing.T) {
	nodes := startDHT(t, 4)
	c := newClient(t, withDHT())
	meta, err := builder.Options{Nodes: []string{"nobody.invalid:1", nodes[1]}}.Bytes(t.Context(), "fish", []byte("fish"))
	require.NoError(t, err)
	events := c.Events(client.OnDHT, 0)
	_, err = c.Add(within(t), meta)
	require.NoError(t, err)
	boot, _ := until[client.DHTBootstrapped](t, events)
	require.NoError(t, boot.Err)

	c = newClient(t, withDHT())
	_, err = c.DHT() // it is open when the link comes
	require.NoError(t, err)
	_, err = c.Add(within(t), "magnet:?xt=urn:btih:"+strings.Repeat("ab", 20)+"&x.pe="+nodes[2])
	require.NoError(t, err)
	require.Eventually(t, func() bool { return c.DHTStats().Nodes > 0 }, testTimeout, time.Millisecond)
}

// TestPeersNameTheirNodes gets to know the DHT from a peer alone, in a torrent and in a fetch.
func TestPeersNameTheirNodes(t *testing.T) {
	nodes := startDHT(t, 4)
	seeder := newClient(t, withDHT(nodes[0]))
	events := seeder.Events(client.OnDHT, 0)
	seed, err := seeder.Seed(within(t), folder(t), small())
	require.NoError(t, err)
	until[client.DHTBootstrapped](t, events)
	for what, source := range map[string]any{"torrent": metaOf(t, seed), "fetch": seed.ID()} {
		var named atomic.Int64
		config := withDHT()
		config.Engine.OnDHTNode = func(netip.AddrPort) { named.Add(1) }
		c := newClient(t, config)
		_, err := c.DHT()
		require.NoError(t, err)
		_, err = c.Add(within(t), source, client.AddOptions{Peers: []netip.AddrPort{seeder.Addr()}})
		require.NoError(t, err)
		require.Eventually(t, func() bool { return c.DHTStats().Nodes > 0 }, testTimeout, time.Millisecond, what)
		isNamed := func() bool { return named.Load() > 0 }
		require.Eventually(t, isNamed, testTimeout, time.Millisecond, "the user's function gets it, too")
	}
}

// TestDHTFails has the socket of the node fail. No torrent fails by that, and there is another
// node when somebody needs it.
func TestDHTFails(t *testing.T) {
	nodes := startDHT(t, 4)
	config := withDHT(nodes[0])
	conn := &counted{PacketConn: loopback(t)}
	config.Node.Conn4 = conn
	c := newClient(t, config)
	events := c.Events(client.AllEvents, 0)
	tor, err := c.Add(within(t), swarm.ID{1, 2, 3})
	require.NoError(t, err)
	awaitAnnounce(t, events)
	conn.failed.Store(true)
	_, err = loopback(t).WriteTo([]byte("x"), conn.LocalAddr())
	require.NoError(t, err)
	gone, before := until[client.DHTClosed](t, events)
	require.ErrorIs(t, gone.Err, errSocket)
	require.ErrorIs(t, c.DHTStats().Err, errSocket)
	for _, e := range before {
		require.NotEqual(t, client.OnFailed, e.Kind())
	}
	require.Equal(t, engine.PhaseFetching, tor.Stats().Phase)
	conn.failed.Store(false)
	_, err = c.Add(within(t), swarm.ID{4, 5, 6})
	require.NoError(t, err)
	boot, _ := until[client.DHTBootstrapped](t, events)
	require.NoError(t, boot.Err)
	require.NoError(t, c.DHTStats().Err)
}
