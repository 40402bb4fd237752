package client_test

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
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
	events := c.Events(client.CheapEvents, 0)
	_, err = c.DHT()
	require.NoError(t, err)
	warning, _ := until[client.Warning](t, events)
	require.Zero(t, warning.Torrent)
	var port *client.DHTPortError
	require.ErrorAs(t, warning.Err, &port)
	require.Equal(t, c.Addr(), port.Addr)
	require.Len(t, c.DHTStats().Addrs, 1)
	require.NotEqual(t, c.Addr(), c.DHTStats().Addrs[0])
	require.Equal(t, netip.MustParseAddr("127.0.0.1"), c.DHTStats().Addrs[0].Addr())
}

// TestNodesCannotBeSaved has a folder where the file should be. Close says so.
func TestNodesCannotBeSaved(t *testing.T) {
	nodes := startDHT(t, 4)
	config := withDHT(nodes[0])
	config.Listen, config.State = "127.0.0.1:0", t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(config.State, "dht", "x"), 0o700))
	c, err := client.New(config)
	require.NoError(t, err)
	events := c.Events(client.OnDHT, 0)
	_, err = c.DHT()
	require.NoError(t, err)
	until[client.DHTBootstrapped](t, events)
	require.ErrorAs(t, c.Close(), new(*client.DHTSaveError))
}
