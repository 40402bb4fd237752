package main

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/discovery"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/sample"
	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/krpc"
)

// TestNoTestUsesTheDHTOfTheWorld: there are no routers, and the DHT is off, also in processes that
// tests start and after isolate.
func TestNoTestUsesTheDHTOfTheWorld(t *testing.T) {
	require.Empty(t, dht.DefaultRouters)
	require.Equal(t, "true", os.Getenv("SHOAL_NO_DHT"))
	require.Equal(t, "true", os.Getenv("SHOAL_NO_LSD"))
	isolate(t)
	require.Equal(t, "true", os.Getenv("SHOAL_NO_DHT"))
	require.Equal(t, "true", os.Getenv("SHOAL_NO_LSD"))
	const link = "magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567"
	_, stderr := shoal(t, exitFailed, "get", link, "--listen", "off")
	require.Contains(t, stderr, "names nobody whom Shoal can ask")
	require.Contains(t, stderr, "Leave --no-dht out")
}

// startRouter starts a DHT of four nodes on this machine, turns the DHT on, and returns the address
// of a node that knows the others.
func startRouter(t *testing.T) string {
	t.Helper()
	t.Setenv("SHOAL_NO_DHT", "false")
	first, router := openNode(t)
	for range 3 {
		openNode(t, router)
	}
	require.Eventually(t, func() bool {
		v4, _ := first.Stats()
		return v4.Nodes == 3
	}, time.Minute, time.Millisecond)
	return router
}

// TestGetByTheDHT downloads by a link without trackers from a seed that nobody named.
func TestGetByTheDHT(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	router := startRouter(t)
	seed := start(t, "seed", "album", "--listen", "127.0.0.1:0", "--bootstrap", router, "--json", "--state", "off")
	seed.out.await(t, `"event":"dht","torrent"`) // it was announced
	require.Positive(t, event(t, seed.out.String(), "dht")["nodes"])
	link, _ := shoal(t, exitOK, "magnet", "album.torrent")
	stdout, stderr := shoal(t, exitOK, "get", strings.TrimSpace(link), "--listen", "off", "--bootstrap", router, "-q", "--dir", "got", "--state", "state")
	require.Empty(t, stderr)
	require.Contains(t, stdout, "the metadata is here")
	require.FileExists(t, "state/dht")
	files, _, err := sample.Compare(t.Context(), "album", "got/album", func(int64) {})
	require.NoError(t, err)
	require.NotZero(t, files)

	shoal(t, exitOK, "get", infoHashOf(t, "album.torrent"), "--metadata-only", "-o", "again.torrent", "--listen", "off", "--bootstrap", router, "--state", "off")
	require.Equal(t, infoHashOf(t, "album.torrent"), infoHashOf(t, "again.torrent"))
}

// TestGetByAKey downloads the torrent that a link's key names, hears of a newer one, and says what
// to do if nothing is published.
func TestGetByAKey(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	router := startRouter(t)
	seed := start(t, "seed", "album", "--listen", "127.0.0.1:0", "--bootstrap", router, "--json", "--state", "off")
	seed.out.await(t, `"event":"dht","torrent"`) // it was announced
	stdout, _ := shoal(t, exitOK, "dht", "put", "--torrent", "album.torrent", "--key", "my.key", "--new-key", "--bootstrap", router, "--json")
	link := event(t, stdout, "stored")["magnet"].(string)
	get := func(args ...string) []string {
		return append([]string{"get", link, "--listen", "off", "--bootstrap", router, "-q", "--state", "off"}, args...)
	}
	stdout, stderr := shoal(t, exitOK, get("--dir", "got")...)
	require.Empty(t, stderr)
	require.Contains(t, stdout, "Looking up in the DHT which torrent the link stands for...")
	files, _, err := sample.Compare(t.Context(), "album", "got/album", func(int64) {})
	require.NoError(t, err)
	require.NotZero(t, files)
	shoal(t, exitOK, get("--metadata-only", "-o", "again.torrent")...)
	require.Equal(t, infoHashOf(t, "album.torrent"), infoHashOf(t, "again.torrent"))

	_, stderr = shoal(t, exitFailed, get("--no-dht")...)
	require.Contains(t, stderr, "Leave --no-dht out")
	t.Setenv("SHOAL_BOOTSTRAP", "off")
	_, stderr = shoal(t, exitFailed, "get", link, "--listen", "off", "--state", "off")
	require.Contains(t, stderr, "looking up the key of")
	require.Contains(t, stderr, "no node is known")
	require.Contains(t, stderr, "Leave --bootstrap off out")
	require.NotContains(t, stderr, "answers")
	link += "&s=00"
	_, stderr = shoal(t, exitFailed, get()...)
	require.Contains(t, stderr, "no node has the item")
	require.Contains(t, stderr, "Nothing is published under the key of the link.")
	shoal(t, exitOK, "dht", "put", "text", "--key", "my.key", "--salt", "n", "--bootstrap", router)
	link = strings.TrimSuffix(link, "00") + "6e"
	_, stderr = shoal(t, exitFailed, get()...)
	require.Contains(t, stderr, "the item names no torrent")
	require.Contains(t, stderr, "Ask who gave you\n  the link.")
}

// TestSeedWithoutATracker says how others find the torrent.
func TestSeedWithoutATracker(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	router := startRouter(t)
	r := start(t, "seed", "album", "--listen", "127.0.0.1:0", "--bootstrap", router)
	r.out.await(t, "others find it by the DHT:")
	r.out.await(t, "get album.torrent --peer HOST:")
	r.stop()
	<-r.code
	require.Empty(t, r.err.String())

	r = start(t, "seed", "album", "--private", "-o", "private.torrent", "--listen", "127.0.0.1:0", "--bootstrap", router)
	r.out.await(t, "others must name this machine, HOST, to get it:")
	r.stop()
	<-r.code
}

// TestWhyTheDHTFindsNothing says it once, and only if somebody needs the DHT.
func TestWhyTheDHTFindsNothing(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	t.Setenv("SHOAL_NO_DHT", "false")
	shoal(t, exitOK, "create", "album")
	shoal(t, exitOK, "create", "album", "--private", "-o", "private.torrent")
	r := start(t, "get", "album.torrent", "--dir", "got", "--listen", "off", "--bootstrap", "off")
	r.err.await(t, "no node of the DHT is known")
	r.err.await(t, "--bootstrap HOST:PORT.")
	r.stop()
	<-r.code
	require.Equal(t, 1, strings.Count(r.err.String(), "shoal: "))

	r = start(t, "get", "private.torrent", "--dir", "got", "--listen", "off", "--bootstrap", "off")
	r.err.await(t, "so Shoal cannot find peers")
	r.stop()
	<-r.code
	require.NotContains(t, r.err.String(), "DHT")
}

// TestPortOfTheDHTIsTaken warns in plain words, with advice.
func TestPortOfTheDHTIsTaken(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	router := startRouter(t)
	listener, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	r := start(t, "seed", "album", "--listen", listener.LocalAddr().String(), "--bootstrap", router, "--state", "off")
	r.err.await(t, "--listen.")
	r.stop()
	<-r.code
	require.Contains(t, r.err.String(), "shoal: the DHT cannot have UDP port ")
	require.NotContains(t, r.err.String(), "level=")
}

func TestDiscoveryText(t *testing.T) {
	for want, s := range map[string]discovery.State{
		"DHT: off":               {},
		"DHT: looking for nodes": {On: true, DHT: client.DHTStats{Open: true}},
		"DHT: 1 node":            {On: true, DHT: client.DHTStats{Open: true, Nodes: 1}},
		"DHT: 214 nodes":         {On: true, DHT: client.DHTStats{Open: true, Nodes: 214}},
		"DHT: no node answers":   {On: true, DHT: client.DHTStats{Open: true, Err: fmt.Errorf("%w", dht.ErrNoNodes)}},
		"DHT: no node known":     {On: true, DHT: client.DHTStats{Open: true, Err: &dht.NoNodesError{}}},
		"DHT: no other nodes":    {On: true, DHT: client.DHTStats{Open: true, Err: &dht.NoNodesError{Asked: 1, Answered: true}}},
		"DHT: no node helps":     {On: true, DHT: client.DHTStats{Open: true, Err: &dht.NoNodesError{Asked: 1, Refused: &krpc.Error{}}}},
		"DHT: failed":            {On: true, DHT: client.DHTStats{Err: os.ErrPermission}},
	} {
		require.Equal(t, want, s.Text(false))
		require.Equal(t, "private: no DHT", s.Text(true))
	}
}

func TestBootstrapFlag(t *testing.T) {
	isolate(t)
	for _, test := range []struct{ flag, message string }{
		{"router", `"router" is not HOST:PORT`},
		{":6881", `":6881" is not HOST:PORT`},
		{"192.0.2.1:68810", `"192.0.2.1:68810" is not HOST:PORT`},
		{"192.0.2.1:0", `"192.0.2.1:0" is not HOST:PORT`},
		{"192.0.2.1:dht", `"192.0.2.1:dht" is not HOST:PORT`},
		{"off,192.0.2.1:6881", "give off alone, or nodes"},
	} {
		_, stderr := shoal(t, exitUsage, "get", "a.torrent", "--bootstrap", test.flag)
		require.Contains(t, stderr, "--bootstrap: "+test.message)
	}
	for text, want := range map[string][]string{"": nil, "off": nil, "a:1,[::1]:2": {"a:1", "[::1]:2"}} {
		var config client.Config
		f := discovery.Flags{}
		if text != "" {
			f.Bootstrap = strings.Split(text, ",")
		}
		require.NoError(t, f.Apply(&config))
		require.Equal(t, want, config.Node.Nodes)
		require.Equal(t, text == "", config.Node.Routers == nil, "the usual ones")
		require.True(t, config.DHT && config.LSD)
		require.NoError(t, discovery.Flags{NoDht: true, NoLsd: true}.Apply(&config))
		require.False(t, config.DHT || config.LSD)
	}
}
