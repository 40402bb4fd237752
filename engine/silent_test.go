package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/simnet"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// beSilent has n connections say that they are interested, and nothing else, whatever
// becomes of them. from says where each comes from.
func (r *rig) beSilent(n int, e *Engine, s *sample, from func(i int) string) (all []*actor) {
	for i := range n {
		host := r.network.Host(from(i), simnet.Link{})
		c, err := host.DialContext(r.t.Context(), "tcp", e.Addrs()[0].String())
		require.NoError(r.t, err)
		id := peerID(fmt.Sprint(i, " ", from(i)))
		_, err = handshake.Initiate(r.t.Context(), c, handshake.Handshake{InfoHash: s.id, PeerID: id}, handshake.Options{})
		if err != nil {
			c.Close()
			continue
		}
		a := newActor(r.t, c, s, false)
		a.send(peerwire.Message{Kind: peerwire.Interested})
		all = append(all, a)
	}
	return all
}

// The places from which silent peers come.
var silentPlaces = map[string]func(i int) string{
	"one address":       func(int) string { return "198.51.100.1" },
	"a local address":   func(int) string { return "10.6.0.1" },
	"one network":       func(i int) string { return fmt.Sprintf("198.51.100.%d", i+1) },
	"a network of IPv6": func(i int) string { return fmt.Sprintf("2001:db8::%x", i+1) },
	"many networks":     func(i int) string { return fmt.Sprintf("198.51.%d.1", i) },
}

// TestSilentPeersOfASeed has 80 connections take every place of a seed that they can get.
// An honest peer gets a place all the same, at once unless the others come from many
// networks: then they have ten seconds to begin. It is served at once if there are slots,
// and otherwise when those who had one have taken nothing.
func TestSilentPeersOfASeed(t *testing.T) {
	for name, from := range silentPlaces {
		for slots, most := range map[int]time.Duration{-1: 3 * time.Second, 8: 2 * time.Minute} {
			t.Run(fmt.Sprint(name, ", slots: ", slots), func(t *testing.T) {
				inBubble(t, func(t *testing.T, r *rig) {
					s := newSample(1, 1<<20, 1<<18)
					seed := r.engine("192.0.2.1", link, Config{Torrent: TorrentConfig{UploadSlots: slots}})
					x := r.seed(seed, s)
					r.beSilent(80, seed, s, from)
					leech := r.engine("203.0.113.1", link, Config{})
					y := r.add(leech, s.spec(swarm.NewMemory(s.geometry.Length), list(at(seed))))
					if name == "many networks" {
						most += 30 * time.Second
					}
					r.wait(y, most)
					require.LessOrEqual(t, x.Stats().Peers, 80)
				})
			})
		}
	}
}

// TestSilentPeersOfADownload has 80 connections take every place of a download that they
// can get. It reaches a seed that it dials, and one that dials it.
func TestSilentPeersOfADownload(t *testing.T) {
	for name, from := range silentPlaces {
		for _, weDial := range []bool{true, false} {
			t.Run(fmt.Sprint(name, ", we dial: ", weDial), func(t *testing.T) {
				inBubble(t, func(t *testing.T, r *rig) {
					s := newSample(1, 1<<20, 1<<18)
					leech, seed := r.engine("192.0.2.1", link, Config{}), r.engine("203.0.113.1", link, Config{})
					y := r.add(leech, s.spec(swarm.NewMemory(s.geometry.Length)))
					r.beSilent(80, leech, s, from)
					x := r.seed(seed, s)
					if weDial {
						y.AddPeers(at(seed))
					} else {
						x.AddPeers(at(leech))
					}
					r.wait(y, 30*time.Second)
				})
			})
		}
	}
}

// TestSilentPeersThatWeDial has a source name a hundred peers who take us and are silent,
// before the only seed. Those who are unused are replaced, one after the other.
func TestSilentPeersThatWeDial(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		var all swarm.List
		for i := range 100 {
			addr := fmt.Sprintf("198.51.%d.1", i)
			l, err := r.network.Host(addr, link).Listen(1)
			require.NoError(t, err)
			defer l.Close()
			go r.acceptSilently(l, fmt.Sprint("silent", i), s)
			all = append(all, swarm.Address{AddrPort: addrPort(addr, 1)})
		}
		seed, leech := r.engine("203.0.113.1", link, Config{}), r.engine("192.0.2.1", link, Config{})
		r.seed(seed, s)
		y := r.add(leech, s.spec(swarm.NewMemory(s.geometry.Length), append(all, at(seed))))
		r.wait(y, 10*time.Minute)
		t.Log("complete after", y.Stats().Run)
		r.close(leech)
		time.Sleep(time.Second) // until the silent ones have heard of that
	})
}

// TestSilentPeersOfManyTorrents has silent peers of many networks take every place of an
// engine, twenty at each torrent. A peer of another torrent gets the place of the one that
// was silent for longest; a peer that is served keeps its place.
func TestSilentPeersOfManyTorrents(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		e := r.engine("192.0.2.1", link, Config{MaxConns: 100, OutgoingConns: -1, Torrent: TorrentConfig{SeedOutgoing: Off}})
		s := newSample(1, 1<<20, 1<<18)
		r.seed(e, s)
		served := r.dialFrom("203.0.113.9", "served", e, s)
		served.send(peerwire.Message{Kind: peerwire.Interested})
		served.expect(peerwire.Unchoke)
		var first *actor
		for i := range 5 {
			other := newSample(byte(i+2), 1<<20, 1<<18)
			r.seed(e, other)
			all := r.beSilent(20, e, other, func(k int) string { return fmt.Sprintf("198.%d.%d.1", 18+i, k) })
			if first == nil {
				first = all[0]
			}
		}
		require.Equal(t, 100, e.sockets.Open())
		for range 8 {
			served.send(peerwire.Message{Kind: peerwire.Request, Block: s.geometry.Block(0, 0)})
			served.expect(peerwire.Piece)
			time.Sleep(2 * time.Second)
		}
		honest := r.dialFrom("203.0.113.1", "honest", e, s)
		honest.send(peerwire.Message{Kind: peerwire.Interested})
		honest.expect(peerwire.Unchoke)
		require.Equal(t, 100, e.sockets.Open())
		require.True(t, first.ended(time.Second))
		served.send(peerwire.Message{Kind: peerwire.Request, Block: s.geometry.Block(0, 0)})
		served.expect(peerwire.Piece)
	})
}

// TestOneAddressHasAShareOfTheEngine counts the connections of an address over all
// torrents.
func TestOneAddressHasAShareOfTheEngine(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		e := r.engine("192.0.2.1", link, Config{MaxConnsPerAddr: 6})
		for i := range 5 {
			s := newSample(byte(i+1), 1<<20, 1<<18)
			r.seed(e, s)
			r.beSilent(3, e, s, silentPlaces["one address"])
		}
		require.Equal(t, 6, e.sockets.Open())
		time.Sleep(protocol.DefaultConfig().IdleTimeout + time.Minute)
	})
}

// TestSilentPeersThatComeAgain has silent peers of two networks come to an engine whose
// places are taken by peers that wait. Each network gets one place, and no more for a while.
func TestSilentPeersThatComeAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		e := r.engine("192.0.2.1", link, Config{MaxConns: 20, OutgoingConns: -1, Torrent: TorrentConfig{SeedOutgoing: Off}})
		s := newSample(1, 1<<20, 1<<18)
		x := r.seed(e, s)
		r.beSilent(20, e, s, silentPlaces["many networks"])
		time.Sleep(11 * time.Second)
		for k := range 5 {
			r.beSilent(2, e, s, func(i int) string { return fmt.Sprintf("203.0.%d.%d", 113+i, k) })
		}
		waiting := 0
		for _, p := range x.Peers() {
			if p.Addr.Addr().As4()[0] == 198 {
				waiting++
			}
		}
		require.Equal(t, 18, waiting)
	})
}
