package client_test

import (
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/swarm"
)

// TestCloseInEveryPhaseOfTheDHT closes clients whose node is not open, waits for a router that
// never answers, knows others, or announces.
func TestCloseInEveryPhaseOfTheDHT(t *testing.T) {
	nodes := startDHT(t, 4)
	silent := loopback(t).LocalAddr().String()
	for what, wait := range map[string]func(t *testing.T, c *client.Client, s *client.Stream){
		"not open":      func(t *testing.T, c *client.Client, s *client.Stream) {},
		"just opened":   func(t *testing.T, c *client.Client, s *client.Stream) { c.DHT() },
		"bootstrapping": func(t *testing.T, c *client.Client, s *client.Stream) { c.Add(t.Context(), swarm.ID{1}) },
		"bootstrapped": func(t *testing.T, c *client.Client, s *client.Stream) {
			c.DHT()
			until[client.DHTBootstrapped](t, s)
		},
		"announcing": func(t *testing.T, c *client.Client, s *client.Stream) {
			c.Seed(t.Context(), []byte("fish"), client.SeedOptions{Build: builder.Options{Name: "fish"}})
			until[client.DHTBootstrapped](t, s)
		},
	} {
		t.Run(what, func(t *testing.T) {
			router := nodes[0]
			if what == "bootstrapping" {
				router = silent
			}
			c := newClient(t, withDHT(router))
			wait(t, c, c.Events(client.OnDHT, 0))
			require.NoError(t, c.Close())
			require.False(t, c.DHTStats().Open)
		})
	}
}

// TestPortIsTaken has another program listen at the port, over UDP.
func TestPortIsTaken(t *testing.T) {
	c := newClient(t, withDHT())
	taken, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(c.Addr()))
	require.NoError(t, err)
	defer taken.Close()
	_, err = c.DHT()
	require.NoError(t, err)
	require.Len(t, c.DHTStats().Addrs, 1)
	require.NotEqual(t, c.Addr(), c.DHTStats().Addrs[0])
	require.Equal(t, netip.MustParseAddr("127.0.0.1"), c.DHTStats().Addrs[0].Addr())
}
