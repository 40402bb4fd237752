package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/trackerserver"
	"github.com/shoal-bt/shoal/udptracker"
)

// startUDPTracker starts a UDP tracker and returns its announce URL.
func startUDPTracker(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- trackerserver.New(trackerserver.Config{}).ServeUDP(ctx, conn) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-served)
	})
	return "udp://" + conn.LocalAddr().String() + "/announce"
}

// TestGetByUDPTracker downloads from a peer that only a UDP tracker knows: one of the torrent,
// and one of --announce.
func TestGetByUDPTracker(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	udp := startUDPTracker(t)
	shoal(t, exitOK, "create", "album")
	_, stderr := shoal(t, exitOK, "create", "album", "-o", "udp.torrent", "--announce", udp)
	require.Empty(t, stderr)
	seed := start(t, "seed", "udp.torrent", "--listen", "127.0.0.1:0", "--json")
	seed.out.await(t, `"tracker"`)
	for dir, args := range map[string][]string{
		"one": {"udp.torrent"},
		"two": {"album.torrent", "--announce", udp},
	} {
		args = append([]string{"get", "--dir", dir, "--listen", "off", "--state", "off", "-q"}, args...)
		_, stderr = shoal(t, exitOK, args...)
		require.Empty(t, stderr)
		equalFolders(t, "album", dir+"/album")
	}
}

func TestScrape(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	http := httptest.NewServer(trackerserver.New(trackerserver.Config{}))
	defer http.Close()
	udp := startUDPTracker(t) + "/0123456789abcdef0123456789abcdef"
	shown := strings.Replace(udp, "0123456789abcdef0123456789abcdef", "***", 1)
	shoal(t, exitOK, "create", "album", "--announce", udp+","+http.URL+"/announce", "--announce", "wss://tracker.example")
	torrent, err := metainfo.ReadFile("album.torrent")
	require.NoError(t, err)
	id := torrent.IDs()[0].String()

	seed := swarm.Announcement{Swarm: torrent.IDs()[0], Port: 1, Event: swarm.Started}
	_, err = udptracker.Announce(t.Context(), udp, seed, udptracker.Config{})
	require.NoError(t, err)

	stdout, stderr := shoal(t, exitOK, "scrape", "album.torrent")
	require.Contains(t, stdout, fmt.Sprintf("%s\n  %s  1 seed, 0 leechers, 0 completed downloads\n", shown, id))
	require.Contains(t, stdout, fmt.Sprintf("%s\n  %s  0 seeds, 0 leechers, 0 completed downloads\n", http.URL+"/announce", id))
	require.Contains(t, stderr, "wss://tracker.example: WebTorrent trackers (wss) are not supported yet")
	require.NotContains(t, stdout+stderr, "0123456789abcdef0123456789abcdef")

	stdout, _ = shoal(t, exitOK, "scrape", "--json", udp, id, strings.Repeat("1", 40), id)
	require.Equal(t, []map[string]any{
		{"event": "scraped", "torrent": id, "tracker": shown, "seeds": 1.0, "leechers": 0.0, "completed": 0.0},
		{"event": "scraped", "torrent": strings.Repeat("1", 40), "tracker": shown, "seeds": 0.0, "leechers": 0.0, "completed": 0.0},
	}, objects(t, stdout))
	magnet := "magnet:?xt=urn:btih:" + id + "&tr=" + http.URL + "/announce"
	stdout, _ = shoal(t, exitOK, "scrape", magnet)
	require.Contains(t, stdout, id+"  0 seeds")
	partial := swarm.Announcement{Swarm: seed.Swarm, Port: 2, Event: swarm.Paused, Left: 1}
	for range 2 { // the first says started
		_, err = httptracker.Announce(t.Context(), http.URL+"/announce", partial, httptracker.Config{})
		require.NoError(t, err)
	}
	stdout, _ = shoal(t, exitOK, "scrape", magnet)
	require.Contains(t, stdout, id+"  0 seeds, 1 leecher, 0 completed downloads, 1 partial seed among the leechers\n")
	_, stderr = shoal(t, exitFailed, "scrape", "magnet:?xt=urn:btih:"+id)
	require.Contains(t, stderr, "the torrent names no tracker\n  Name one: its announce URL, then the info hash\n  "+id)
	_, stderr = shoal(t, exitFailed, "scrape", http.URL+"/nothing", id)
	require.Contains(t, stderr, "this tracker cannot be scraped")
	require.Contains(t, stderr, "Ask another tracker")
}

// A web server that is no tracker answers with 404.
func TestScrapeOfAWebServer(t *testing.T) {
	isolate(t)
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	_, stderr := shoal(t, exitFailed, "scrape", web.URL+"/announce", strings.Repeat("1", 40))
	require.Contains(t, stderr, "HTTP status 404\n  Check the announce URL, or ask another tracker.\n")
}

func TestScrapeUsage(t *testing.T) {
	isolate(t)
	hash := strings.Repeat("1", 40)
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{}, "an argument is missing: <source>"},
		{[]string{"udp://tracker.example:6969"}, "name the info hash to ask the tracker about"},
		{[]string{"udp://tracker.example:6969", "123"}, `"123" is not an info hash; give 40 hexadecimal digits`},
		{[]string{"wss://tracker.example", hash}, "URLs with wss are not supported here; give one with http, https or udp"},
		{[]string{hash}, "name a tracker, a .torrent file or a magnet link before the info hash"},
		{[]string{""}, "is empty"},
	} {
		_, stderr := shoal(t, exitUsage, append([]string{"scrape"}, test.args...)...)
		require.Contains(t, stderr, test.want)
	}
	_, stderr := shoal(t, exitFailed, "scrape", "nothing.torrent")
	require.Contains(t, stderr, "nothing.torrent")
	_, stderr = shoal(t, exitFailed, "scrape", "udp://tracker.example", hash)
	require.Contains(t, stderr, "the URL has no valid port")
}
