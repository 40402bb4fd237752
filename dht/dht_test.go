package dht_test

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/item"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/sourcetest"
	"github.com/stretchr/testify/require"
)

// many opens n nodes at 10.0.0.1 and on, of which all begin with the first.
func (w *network) many(t *testing.T, n int) (all []*dht.Node) {
	for i := range n {
		all = append(all, w.open(t, fmt.Sprintf("10.0.0.%d:6881", i+1), dht.Config{}))
	}
	time.Sleep(20 * time.Second)
	return all
}

// Peers announced at one node are found by the others, and each hash counts for itself.
func TestAnnounceAndPeers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes := newNetwork().many(t, 30)
		hash := swarm.ID{1, 2, 3}
		for i, n := range nodes[:3] {
			left := int64(i) // the first is a seed
			_, err := n.Announce(t.Context(), swarm.Announcement{Swarm: hash, Port: uint16(7000 + i), Left: left}, func(swarm.Address) {})
			require.NoError(t, err)
		}
		found := make(map[netip.AddrPort]bool)
		for a, err := range nodes[20].Peers(t.Context(), nodeid.ID(hash)) {
			require.NoError(t, err)
			require.False(t, found[a], "each once")
			found[a] = true
		}
		require.Equal(t, map[netip.AddrPort]bool{
			netip.MustParseAddrPort("10.0.0.1:7000"): true,
			netip.MustParseAddrPort("10.0.0.2:7001"): true,
			netip.MustParseAddrPort("10.0.0.3:7002"): true,
		}, found)
		count, err := nodes[9].Scrape(t.Context(), nodeid.ID(hash))
		require.NoError(t, err)
		require.True(t, count.Known)
		require.InDelta(t, 1, count.Seeds, 0.1)
		require.InDelta(t, 2, count.Peers, 0.1)
		for a, err := range nodes[20].Peers(t.Context(), nodeid.ID{9}) {
			t.Fatal(a, err)
		}
		for a := range nodes[21].Peers(t.Context(), nodeid.ID(hash)) {
			require.True(t, a.IsValid())
			break // the search ends early
		}
		var samples int
		for s, err := range nodes[5].Sample(t.Context(), nodeid.ID(hash)) {
			require.NoError(t, err)
			if len(s.Hashes) > 0 {
				require.Equal(t, nodeid.ID(hash), s.Hashes[0])
				samples++
			}
		}
		require.NotZero(t, samples)
	})
}

// Who wants something and finds nobody, or only itself, asks again soon: programs announce a
// minute or two after they start.
func TestAnnounceAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes := newNetwork().many(t, 10)
		next := func(n int, left int64, port uint16) time.Duration {
			a := swarm.Announcement{Swarm: swarm.ID{1, 2, 3}, Port: port, Left: left}
			answer, err := nodes[n].Announce(t.Context(), a, func(swarm.Address) {})
			require.NoError(t, err)
			return answer.Next
		}
		require.Equal(t, 2*time.Minute, next(1, -1, 7000))
		require.Equal(t, 2*time.Minute, next(1, 5, 7000), "it has found itself")
		require.Equal(t, 2*time.Minute, next(1, 5, 7001), "at its former port")
		require.Equal(t, dht.AnnounceEvery, next(2, 0, 7000), "a seed")
		require.Equal(t, dht.AnnounceEvery, next(1, 5, 7001))
	})
}

// Items of both kinds are stored and found; a new value of a mutable one replaces the old.
func TestItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes := newNetwork().many(t, 20)
		immutable := item.Item{Value: []byte("12:Hello World!")}
		n, err := nodes[3].Put(t.Context(), immutable, nil)
		require.NoError(t, err)
		require.Equal(t, 8, n)
		got, err := nodes[12].Get(t.Context(), immutable.Target(), nil)
		require.NoError(t, err)
		require.Equal(t, immutable.Value, got.Value)

		private := ed25519.NewKeyFromSeed(make([]byte, 32))
		for seq := range int64(3) {
			i, err := item.Sign(private, []byte("s"), seq+1, fmt.Appendf(nil, "i%de", seq))
			require.NoError(t, err)
			cas := seq
			_, err = nodes[seq].Put(t.Context(), i, &cas)
			require.NoError(t, err)
			got, err = nodes[15].Get(t.Context(), i.Target(), []byte("s"))
			require.NoError(t, err)
			require.Equal(t, seq+1, got.Seq)
			require.Equal(t, i.Value, got.Value)
		}
		late, err := item.Sign(private, []byte("s"), 2, []byte("i9e"))
		require.NoError(t, err)
		_, err = nodes[4].Put(t.Context(), late, nil)
		var refused *krpc.Error
		require.ErrorAs(t, err, &refused)
		require.Equal(t, krpc.SeqTooLow, refused.Code)
		_, err = nodes[4].Get(t.Context(), nodeid.ID{1}, nil)
		require.ErrorIs(t, err, dht.ErrNotFound)
		late.Sig = nil
		_, err = nodes[4].Put(t.Context(), late, nil)
		require.ErrorIs(t, err, item.ErrSignature)
	})
}

// However many look-ups run, there is no goroutine for each of their queries.
func TestGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes := newNetwork().many(t, 30)
		before := runtime.NumGoroutine()
		const calls = 12
		var running sync.WaitGroup
		for i := range calls {
			running.Go(func() { nodes[3].Find(t.Context(), nodeid.ID{byte(i)}) })
		}
		time.Sleep(30 * time.Millisecond) // before the first answer
		v4, _ := nodes[3].Stats()
		require.Greater(t, v4.Queries, 2*calls)
		require.LessOrEqual(t, runtime.NumGoroutine(), before+calls)
		running.Wait()
	})
}

// Saved nodes make a start without routers possible, and the id stays.
func TestSave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newNetwork()
		nodes := w.many(t, 20)
		saved := nodes[7].Save()
		require.Greater(t, len(saved.Nodes), 8)
		back, err := dht.ParseSaved(saved.AppendTo(nil))
		require.NoError(t, err)
		require.Equal(t, saved, back)
		require.NoError(t, nodes[7].Close())
		again := w.open(t, "10.0.0.8:6881", dht.Config{Saved: back, Routers: []string{}})
		found, err := again.Find(t.Context(), nodeid.ID{})
		require.NoError(t, err)
		require.Len(t, found, 8)
		v4, v6 := again.Stats()
		require.Equal(t, saved.ID4, v4.ID)
		require.Nil(t, v6)
		require.NotEmpty(t, again.Nodes(nodeid.ID{}))
		for _, b := range []string{"", "de", "d1:rd2:id3:abcee", "d1:rd2:id20:abcdefghij01234567895:token1:xee"} {
			_, err := dht.ParseSaved([]byte(b))
			require.Error(t, err, b)
		}
	})
}

// A node of both families has two ids, and finds nodes of either through the other.
func TestBothFamilies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newNetwork()
		for i := range 10 {
			c := dht.Config{Routers: []string{}, Nodes: []string{first}, Conn4: w.at(fmt.Sprintf("10.0.0.%d:6881", i+1)), Conn6: w.at(fmt.Sprintf("[fd00::%d]:6881", i+1))}
			if i == 1 {
				c.Nodes = append(c.Nodes, "[fd00::1]:6881")
			}
			n, err := dht.Open(c)
			require.NoError(t, err)
			t.Cleanup(func() { n.Close() })
			if i != 9 {
				continue
			}
			time.Sleep(30 * time.Second)
			found, err := n.Find(t.Context(), nodeid.ID{})
			require.NoError(t, err)
			six := 0
			for _, c := range found {
				if c.Addr.Addr().Is6() {
					six++
				}
			}
			require.NotZero(t, six, "no router has an IPv6 address that it knows")
			s := n.Save()
			require.NotEqual(t, s.ID4, s.ID6)
			rtt, err := n.Ping(t.Context(), netip.MustParseAddrPort("[fd00::1]:6881"))
			require.NoError(t, err)
			require.Equal(t, 100*time.Millisecond, rtt)
		}
	})
}

// Close ends calls, takes the sockets' deadline back, and later calls fail.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newNetwork()
		c := w.at("10.0.0.2:6881")
		var events []dht.Event
		n, err := dht.Open(dht.Config{Conn4: c, Routers: []string{}, Nodes: []string{first}, OnEvent: func(e dht.Event) { events = append(events, e) }})
		require.NoError(t, err)
		failed := make(chan error, 1)
		go func() {
			_, err := n.Find(t.Context(), nodeid.ID{})
			failed <- err
		}()
		synctest.Wait()
		require.NoError(t, n.Close())
		require.NoError(t, n.Close())
		require.ErrorIs(t, <-failed, dht.ErrClosed)
		_, err = n.Find(t.Context(), nodeid.ID{})
		require.ErrorIs(t, err, dht.ErrClosed)
		require.Zero(t, c.until)
		require.Equal(t, dht.ClosedEvent{}, events[len(events)-1])
		n.Add(netip.MustParseAddrPort(first))
		n.Bootstrap()
		_, err = dht.Open(dht.Config{})
		require.Error(t, err)
	})
}

// A socket that fails ends the node, with an event that says why.
func TestSocketFails(t *testing.T) {
	for _, why := range []error{
		errors.New("the network is down"),
		&net.OpError{Op: "read", Err: errors.New("the device is gone")}, // looks as if it could pass
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newNetwork()
			c := w.at("10.0.0.2:6881")
			var events []dht.Event
			n, err := dht.Open(dht.Config{Conn4: c, Routers: []string{}, OnEvent: func(e dht.Event) { events = append(events, e) }})
			require.NoError(t, err)
			c.fail(why)
			synctest.Wait()
			require.NoError(t, n.Close())
			require.Contains(t, events, dht.ClosedEvent{why})
		})
	}
}

// A read-only node finds, and is in nobody's table.
func TestReadOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newNetwork()
		nodes := w.many(t, 10)
		n := w.open(t, "10.0.0.99:1", dht.Config{ReadOnly: true})
		found, err := n.Find(t.Context(), nodeid.ID{})
		require.NoError(t, err)
		require.Len(t, found, 8)
		time.Sleep(time.Minute)
		for _, o := range nodes {
			for _, c := range o.Save().Nodes {
				require.NotEqual(t, netip.MustParseAddrPort("10.0.0.99:1"), c.Addr)
			}
		}
	})
}

// The node is a PeerSource, whether others answer or nobody is there.
func TestSource(t *testing.T) {
	for name, n := range map[string]int{"others": 5, "nobody": 0} {
		t.Run(name, func(t *testing.T) {
			sourcetest.Run(t, func(t *testing.T) swarm.PeerSource {
				w := newNetwork()
				for i := range n {
					w.open(t, fmt.Sprintf("10.0.0.%d:6881", i+1), dht.Config{})
				}
				return w.open(t, "10.0.0.100:6881", dht.Config{})
			})
		})
	}
}
