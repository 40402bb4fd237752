package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/trackerserver"
)

// startUDPTracker starts a small UDP tracker that knows one peer of every swarm. It returns its
// announce URL.
func startUDPTracker(t *testing.T, peer string) string {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	var wg sync.WaitGroup
	wg.Go(func() {
		b := make([]byte, 2048)
		for {
			n, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			if n < 16 {
				continue
			}
			answer := slices.Clone(b[8:16]) // action and transaction
			switch answer[3] {
			case 0: // connect
				answer = append(answer, "a secret"...)
			case 1: // announce: interval, leechers, seeds, peers
				answer = append(answer, 0, 0, 0, 60, 0, 0, 0, 0, 0, 0, 0, 1)
				if addr, err := net.ResolveUDPAddr("udp4", peer); err == nil {
					answer = append(answer, addr.IP.To4()...)
					answer = binary.BigEndian.AppendUint16(answer, uint16(addr.Port))
				}
			case 2: // scrape: seeds, completed, leechers
				for range (n - 16) / 20 {
					answer = append(answer, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0)
				}
			}
			conn.WriteTo(answer, from)
		}
	})
	t.Cleanup(func() { conn.Close(); wg.Wait() })
	return "udp://" + conn.LocalAddr().String() + "/announce"
}

// TestGetByUDPTracker downloads from a peer that only a UDP tracker knows, of the torrent and of
// --announce.
func TestGetByUDPTracker(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	shoal(t, exitOK, "create", "album")
	_, peer := seeding(t, "album.torrent")
	udp := startUDPTracker(t, peer)
	shoal(t, exitOK, "get", "album.torrent", "--announce", udp, "--dir", "got", "--listen", "off", "-q")
	equalFolders(t, "album", "got/album")
	stdout, stderr := shoal(t, exitOK, "create", "album", "-o", "udp.torrent", "--announce", udp)
	require.Empty(t, stderr)
	require.NotEmpty(t, stdout)
	_, stderr = shoal(t, exitOK, "get", "udp.torrent", "--dir", "again", "--listen", "off", "-q", "--state", "off")
	require.Empty(t, stderr)
}

func TestScrape(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	http := httptest.NewServer(trackerserver.New(trackerserver.Config{}))
	defer http.Close()
	udp := startUDPTracker(t, "") + "/0123456789abcdef0123456789abcdef"
	shown := strings.Replace(udp, "0123456789abcdef0123456789abcdef", "***", 1)
	shoal(t, exitOK, "create", "album", "--announce", udp+","+http.URL+"/announce", "--announce", "wss://tracker.example")
	torrent, err := metainfo.ReadFile("album.torrent")
	require.NoError(t, err)
	id := torrent.IDs()[0].String()

	stdout, stderr := shoal(t, exitOK, "scrape", "album.torrent")
	require.Contains(t, stdout, fmt.Sprintf("%s\n  %s  1 seed, 0 leechers, 7 completed downloads\n", shown, id))
	require.Contains(t, stdout, fmt.Sprintf("%s\n  %s  0 seeds, 0 leechers, 0 completed downloads\n", http.URL+"/announce", id))
	require.Contains(t, stderr, "wss://tracker.example: WebTorrent trackers (wss) are not supported yet")
	require.NotContains(t, stdout+stderr, "0123456789abcdef0123456789abcdef")

	stdout, _ = shoal(t, exitOK, "scrape", "--json", udp, id, strings.Repeat("1", 40), id)
	require.Equal(t, []map[string]any{
		{"event": "scraped", "torrent": id, "tracker": shown, "seeds": 1.0, "leechers": 0.0, "completed": 7.0},
		{"event": "scraped", "torrent": strings.Repeat("1", 40), "tracker": shown, "seeds": 1.0, "leechers": 0.0, "completed": 7.0},
	}, objects(t, stdout))
	magnet := "magnet:?xt=urn:btih:" + id + "&tr=" + http.URL + "/announce"
	stdout, _ = shoal(t, exitOK, "scrape", magnet)
	require.Contains(t, stdout, id+"  0 seeds")
	_, stderr = shoal(t, exitFailed, "scrape", "magnet:?xt=urn:btih:"+id)
	require.Contains(t, stderr, "the torrent names no tracker\n  Name one: its announce URL, then the info hash\n  "+id)
	_, stderr = shoal(t, exitFailed, "scrape", http.URL+"/nothing", id)
	require.Contains(t, stderr, "this tracker cannot be scraped")
	require.Contains(t, stderr, "Ask another tracker")
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
		{[]string{"wss://tracker.example", hash}, "this is not a URL; give one such as http://"},
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
