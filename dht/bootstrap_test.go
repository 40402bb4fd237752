package dht_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// A node that knows nobody says so, tries again, and goes on when somebody is there.
func TestNobodyThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newNetwork()
		var events []dht.Event
		n := w.open(t, "10.0.0.2:6881", dht.Config{OnEvent: func(e dht.Event) { events = append(events, e) }})
		answer, err := n.Announce(t.Context(), swarm.Announcement{Port: 1}, func(swarm.Address) {})
		require.ErrorIs(t, err, dht.ErrNoNodes)
		require.Equal(t, 35*time.Second, answer.Next, "after the next bootstrap")
		require.ErrorIs(t, lastBootstrap(events).Err, dht.ErrNoNodes)
		w.open(t, first, dht.Config{Routers: []string{}})
		time.Sleep(answer.Next)
		answer, err = n.Announce(t.Context(), swarm.Announcement{Port: 1}, func(swarm.Address) {})
		require.NoError(t, err)
		found, err := n.Find(t.Context(), nodeid.ID{})
		require.NoError(t, err)
		require.Len(t, found, 1)
	})
}

// A lonely node that is told of another one, as a peer's PORT message does, begins at once, and does
// not try again later.
func TestAddedWhileAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newNetwork()
		resolved := 0
		var events []dht.Event
		n := w.open(t, "10.0.0.2:6881", dht.Config{
			Routers:  []string{"router.test:1"},
			Resolver: lookups(func() { resolved++ }),
			OnEvent:  func(e dht.Event) { events = append(events, e) },
		})
		for range 5 { // so that the next try is ten minutes away
			time.Sleep(4 * time.Minute)
		}
		synctest.Wait()
		require.ErrorIs(t, lastBootstrap(events).Err, dht.ErrNoNodes)
		before := resolved
		w.open(t, first, dht.Config{Routers: []string{}})
		n.Add(netip.MustParseAddrPort(first))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Equal(t, dht.BootstrappedEvent{Nodes: 1}, lastBootstrap(events))
		time.Sleep(12 * time.Minute)
		synctest.Wait()
		require.Equal(t, before, resolved)
	})
}

// lastBootstrap returns the last event of its kind.
func lastBootstrap(events []dht.Event) (last dht.BootstrappedEvent) {
	for _, e := range events {
		b, ok := e.(dht.BootstrappedEvent)
		if ok {
			last = b
		}
	}
	return last
}

// A node that knows nobody says why, and so do its look-ups.
func TestWhyNobodyAnswers(t *testing.T) {
	for want, c := range map[string]dht.Config{
		"name routers or nodes to begin with":                                       {Routers: []string{}},
		"a name was not found; check the network: lookup router.test: no such host": {Routers: []string{"router.test:1"}, Resolver: lookups(func() {})},
		"addresses asked: 2; a firewall may block UDP":                              {Routers: []string{"10.0.0.8:1", "10.0.0.9:1"}},
		"the nodes that answer know no others that do; addresses asked: 2":          {Routers: []string{first, "10.0.0.9:1"}},
		"no node helps; addresses asked: 2; one refuses: dht: error 203: go away":   {Nodes: []string{"10.0.0.7:1", "10.0.0.9:1"}, Routers: []string{}},
	} {
		synctest.Test(t, func(t *testing.T) {
			var events []dht.Event
			w := newNetwork()
			w.open(t, first, dht.Config{Routers: []string{}}) // knows nobody
			refuses := w.at("10.0.0.7:1")
			go refuses.refuse()
			defer refuses.fail(net.ErrClosed)
			c.Conn4 = w.at("10.0.0.2:1")
			c.OnEvent = func(e dht.Event) { events = append(events, e) }
			n, err := dht.Open(c)
			require.NoError(t, err)
			defer n.Close()
			_, err = n.Find(t.Context(), nodeid.ID{})
			require.ErrorContains(t, err, want)
			require.ErrorIs(t, err, dht.ErrNoNodes)
			require.ErrorAs(t, err, new(*dht.NoNodesError))
			require.ErrorContains(t, lastBootstrap(events).Err, want)
			_, err = n.Ping(t.Context(), netip.MustParseAddrPort("10.0.0.3:1"))
			require.Equal(t, dht.ErrNoNodes, err)
		})
	}
}

// refuse answers each query with an error, until the socket fails.
func (c *conn) refuse() {
	b := make([]byte, krpc.MaxDatagram)
	for {
		n, from, err := c.ReadFrom(b)
		if err != nil {
			return
		}
		m, err := krpc.Parse(b[:n])
		if err == nil && m.Kind == krpc.Query {
			no := krpc.Message{Kind: krpc.Failure, Transaction: m.Transaction, Code: krpc.ProtocolError, Text: "go away"}
			c.WriteTo(no.AppendTo(nil), from)
		}
	}
}

// A node whose network was away until it had forgotten everybody says so, and finds the
// others again by itself.
func TestComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newNetwork()
		w.many(t, 10)
		c := w.at("10.0.0.99:1")
		var events []dht.Event
		n, err := dht.Open(dht.Config{Conn4: c, Routers: []string{first}, OnEvent: func(e dht.Event) { events = append(events, e) }})
		require.NoError(t, err)
		defer n.Close()
		_, err = n.Find(t.Context(), nodeid.ID{})
		require.NoError(t, err)
		c.setDown(true)
		time.Sleep(12 * time.Hour)
		require.ErrorIs(t, lastBootstrap(events).Err, dht.ErrNoNodes)
		_, err = n.Find(t.Context(), nodeid.ID{})
		require.ErrorIs(t, err, dht.ErrNoNodes)
		c.setDown(false)
		time.Sleep(11 * time.Minute)
		found, err := n.Find(t.Context(), nodeid.ID{})
		require.NoError(t, err)
		require.Len(t, found, 8)
	})
}

// When others see a node at another address, it looks the routers' names up again.
func TestMovedToAnotherNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newNetwork()
		for i := range 10 {
			w.open(t, fmt.Sprintf("20.0.%d.1:6881", i), dht.Config{Nodes: []string{"20.0.0.1:6881"}, Routers: []string{}})
		}
		c := w.at("30.0.0.1:1")
		asked := 0
		resolver := lookups(func() { asked++ })
		n, err := dht.Open(dht.Config{Conn4: c, Nodes: []string{"20.0.0.1:6881"}, Routers: []string{"router.test:1"}, Resolver: resolver})
		require.NoError(t, err)
		defer n.Close()
		time.Sleep(20 * time.Minute)
		require.Equal(t, 1, asked)
		v4, _ := n.Stats()
		require.Equal(t, netip.MustParseAddr("30.0.0.1"), v4.External)
		c.move(netip.MustParseAddrPort("40.0.0.1:1"))
		for i := range 200 {
			n.Find(t.Context(), nodeid.ID{byte(i)})
		}
		time.Sleep(time.Minute)
		v4, _ = n.Stats()
		require.Equal(t, netip.MustParseAddr("40.0.0.1"), v4.External)
		require.Equal(t, 2, asked)
	})
}

// Lookups count look-ups of names, of which none is found.
type lookups func()

func (f lookups) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	f()
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

// names looks one name up.
type names struct{}

func (names) LookupNetIP(_ context.Context, network, host string) ([]netip.Addr, error) {
	if network != "ip4" || host != "router.test" {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, nil
}

// Routers may have names; those that cannot be looked up do no harm. They answer, and are in
// no table.
func TestRouterNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newNetwork()
		w.many(t, 10)
		n := w.open(t, "10.0.0.99:1", dht.Config{Routers: []string{"nobody.test:1", "x", "y:99999999", "router.test:6881"}, Resolver: names{}})
		found, err := n.Find(t.Context(), nodeid.ID{})
		require.NoError(t, err)
		require.Len(t, found, 8)
		for _, c := range n.Save().Nodes {
			require.NotEqual(t, netip.MustParseAddrPort(first), c.Addr)
		}
	})
}
