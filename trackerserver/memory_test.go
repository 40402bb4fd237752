package trackerserver

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// A clock shows the time that the test sets.
type clock struct{ nanoseconds atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.nanoseconds.Store(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) now() time.Time            { return time.Unix(0, c.nanoseconds.Load()) }
func (c *clock) advance(d time.Duration)   { c.nanoseconds.Add(int64(d)) }
func numbered(i int) (id swarm.ID)         { binary.BigEndian.PutUint64(id[:], uint64(i)); return id }
func numberedPeer(i int) (id swarm.PeerID) { binary.BigEndian.PutUint64(id[:], uint64(i)); return id }

// request returns the announce of a leecher.
func request(torrent, peer int, event swarm.Event) *Request {
	e := endpointOf(peer)
	return &Request{Swarm: numbered(torrent), Peer: numberedPeer(peer), Addr: e.addr(), Event: event, Left: 1, Want: 50}
}

func TestMemoryExpires(t *testing.T) {
	c := newClock()
	m := NewMemory(Config{Interval: 10 * time.Minute, Now: c.now})
	tell := func(torrent, peer int) Reply {
		var reply Reply
		require.NoError(t, m.Announce(context.Background(), request(torrent, peer, swarm.None), &reply))
		return reply
	}
	tell(1, 1)
	tell(1, 2)
	tell(2, 1)
	require.Equal(t, Totals{Swarms: 2, Peers: 3}, m.Totals())
	c.advance(19 * time.Minute)
	require.Len(t, tell(1, 2).Peers, 1)
	c.advance(time.Minute + time.Second)
	reply := tell(1, 2)
	require.Empty(t, reply.Peers, "removed after twice the interval")
	require.Equal(t, 1, reply.Leechers)

	counts := make([]Counts, 1)
	c.advance(time.Hour)
	require.NoError(t, m.Scrape(context.Background(), []swarm.ID{numbered(1)}, counts))
	require.Equal(t, Counts{}, counts[0])
	c.advance(time.Hour)
	m.Sweep()
	require.Equal(t, Totals{}, m.Totals())
}

func TestMemoryForgetsWithoutSweep(t *testing.T) {
	c := newClock()
	m := NewMemory(Config{Now: c.now})
	var reply Reply
	for i := range 5000 {
		require.NoError(t, m.Announce(context.Background(), request(i, 1, swarm.None), &reply))
	}
	c.advance(3 * time.Hour)
	for i := range 5000 {
		require.NoError(t, m.Announce(context.Background(), request(1_000_000+i, 1, swarm.None), &reply))
	}
	require.Equal(t, Totals{Swarms: 5000, Peers: 5000}, m.Totals())
}

func TestMemoryLimits(t *testing.T) {
	c := newClock()
	m := NewMemory(Config{MaxSwarms: 10, MaxPeers: 5, Now: c.now})
	tell := func(torrent, peer int, event swarm.Event) (reply Reply) {
		c.advance(time.Second)
		require.NoError(t, m.Announce(context.Background(), request(torrent, peer, event), &reply))
		return reply
	}
	for i := range 10 {
		tell(i, i, swarm.Started)
	}
	tell(10, 1, swarm.Stopped)
	require.Equal(t, 10, m.Totals().Swarms, "stopped makes no swarm")
	hidden := request(10, 1, swarm.Started)
	hidden.Addr = netip.AddrPortFrom(hidden.Addr.Addr(), 0)
	require.NoError(t, m.Announce(context.Background(), hidden, new(Reply)))
	require.Equal(t, 10, m.Totals().Peers, "a peer that accepts no connections takes nobody's place")
	tell(0, 0, swarm.None)
	tell(10, 10, swarm.Started)
	require.Equal(t, 10, m.Totals().Swarms)
	require.Equal(t, 2, tell(0, 100, swarm.Started).Leechers, "it was announced a moment ago")
	require.Equal(t, 1, tell(1, 101, swarm.Started).Leechers, "announced longest ago, so swarm 10 took its place")
	for i := 1; i <= 10; i++ {
		require.Equal(t, min(i+1, 5), tell(1, i, swarm.Started).Leechers)
	}
	peers := tell(1, 10, swarm.None).Peers
	require.Len(t, peers, 4)
	for _, p := range peers {
		require.Contains(t, []swarm.PeerID{numberedPeer(6), numberedPeer(7), numberedPeer(8), numberedPeer(9)}, p.ID)
	}
	c.advance(2 * time.Hour)
	for i := range 10 {
		tell(100+i, 1, swarm.Started)
	}
	off := NewMemory(Config{MaxSwarms: -1, MaxPeers: -1})
	for i := range 100 {
		require.NoError(t, off.Announce(context.Background(), request(1, i, swarm.Started), new(Reply)))
	}
	require.Equal(t, 100, off.Totals().Peers)
}

// TestMemoryClockGoesBack checks that a clock that is set back loses no peer and blocks
// nothing.
func TestMemoryClockGoesBack(t *testing.T) {
	c := newClock()
	m := NewMemory(Config{Now: c.now})
	require.NoError(t, m.Announce(context.Background(), request(1, 1, swarm.None), new(Reply)))
	c.advance(-24 * time.Hour)
	require.NoError(t, m.Announce(context.Background(), request(1, 2, swarm.None), new(Reply)))
	require.Equal(t, 2, m.Totals().Peers)
	c.advance(2 * time.Hour)
	m.Sweep()
	require.Equal(t, 1, m.Totals().Peers)
}

func TestMemoryConcurrently(t *testing.T) {
	m := NewMemory(Config{MaxSwarms: 20, MaxPeers: 50})
	var running sync.WaitGroup
	for worker := range uint64(8) {
		running.Go(func() {
			random := rand.New(rand.NewPCG(worker, 0))
			var reply Reply
			counts := make([]Counts, 5)
			for range 2000 {
				r := request(random.IntN(25), random.IntN(100), swarm.Event(random.IntN(4)))
				r.Left = int64(random.IntN(2))
				reply.Peers = reply.Peers[:0]
				m.Announce(context.Background(), r, &reply)
				if random.IntN(50) == 0 {
					m.Scrape(context.Background(), []swarm.ID{numbered(1), numbered(2), numbered(3), numbered(4), numbered(1)}, counts)
					m.Totals()
				}
				if random.IntN(500) == 0 {
					m.Sweep()
				}
			}
		})
	}
	running.Wait()
	var want Totals
	for i := range m.shards {
		for _, r := range m.shards[i].swarms {
			want.Swarms++
			want.Peers += r.size()
			want.Seeds += r.counts().Seeds
		}
	}
	require.Equal(t, want, m.Totals())
	checkRegistry(t, m)
}

func TestMemoryAnnounceAllocatesNothing(t *testing.T) {
	m := NewMemory(Config{})
	reply := Reply{Peers: make([]Peer, 0, 50)}
	for i := range 100 {
		require.NoError(t, m.Announce(context.Background(), request(1, i, swarm.None), &reply))
	}
	r := request(1, 50, swarm.None)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		reply.Peers = reply.Peers[:0]
		m.Announce(context.Background(), r, &reply)
	}))
	require.Len(t, reply.Peers, 50)
}

// nowhere is a ResponseWriter that allocates nothing.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (n nowhere) WriteHeader(int)             {}

// BenchmarkServeHTTP announces peers of 10,000 swarms without a network.
func BenchmarkServeHTTP(b *testing.B) {
	const torrents, peers = 10_000, 20
	s := New(Config{})
	w := nowhere{make(http.Header)}
	requests := make([]*http.Request, 0, 1024)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range torrents * peers {
		e := endpointOf(i)
		id, peer := numbered(i%torrents), numberedPeer(i)
		r := &http.Request{
			Method:     http.MethodGet,
			RemoteAddr: netip.AddrPortFrom(e.addr().Addr(), 1).String(),
			URL: &url.URL{Path: "/announce", RawQuery: "info_hash=" + url.QueryEscape(string(id[:])) + "&peer_id=" + url.QueryEscape(string(peer[:])) +
				"&port=6881&uploaded=0&downloaded=0&left=1&compact=1&no_peer_id=1&numwant=50&key=12345678"},
		}
		s.ServeHTTP(w, r)
		if random.IntN(torrents*peers) < 1024 && len(requests) < cap(requests) {
			requests = append(requests, r)
		}
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		s.ServeHTTP(w, requests[i%len(requests)])
		i++
	}
}
