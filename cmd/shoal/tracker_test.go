package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTrackerLimits announces two ports of one address and a second torrent to a tracker
// that allows one of each.
func TestTrackerLimits(t *testing.T) {
	isolate(t)
	tracker := start(t, "tracker", "--listen", "127.0.0.1:0", "--json", "--behind-proxy", "127.0.0.1",
		"--max-torrents", "2", "--max-peers", "2", "--max-torrents-per-address", "1", "--max-peers-per-address", "1")
	url := objects(t, tracker.out.await(t, `"listening"`))[0]["announce"].(string)
	announce := func(from, torrent string, port int) string {
		query := fmt.Sprintf("?info_hash=%s&peer_id=%020d&port=%d&left=1", strings.Repeat(torrent, 20), port, port)
		r, err := http.NewRequest(http.MethodGet, url+query, nil)
		require.NoError(t, err)
		r.Header.Set("X-Forwarded-For", from)
		resp, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return string(body)
	}
	for range 2 {
		announce("192.0.2.1", "a", 1)
		require.Contains(t, announce("192.0.2.1", "a", 2), "10:incompletei1e", "one peer of an address")
		require.Contains(t, announce("192.0.2.1", "b", 1), "15:warning message", "one torrent of an address")
	}
	announce("192.0.2.2", "a", 1)
	require.Contains(t, announce("192.0.2.3", "a", 1), "10:incompletei2e", "two peers of a torrent")
	announce("192.0.2.4", "b", 1)
	announce("192.0.2.5", "c", 1)
	require.Contains(t, announce("192.0.2.6", "a", 1), "10:incompletei1e", "two torrents")
}

// TestOddTrackerAnswer downloads from the one good peer in an answer that has stray bytes.
func TestOddTrackerAnswer(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	shoal(t, exitOK, "create", "album")
	_, peer := seeding(t, "album.torrent")
	addr := netip.MustParseAddrPort(peer)
	compact := append(addr.Addr().AsSlice(), byte(addr.Port()>>8), byte(addr.Port()))
	tracker := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "d8:intervali1800e5:peers11:%sstraye", compact)
	}))
	defer tracker.Close()
	_, stderr := shoal(t, exitOK, "get", "album.torrent", "--announce", tracker.URL+"/announce", "--dir", "got", "--listen", "off", "-q")
	require.Equal(t, "shoal: album: tracker warning: ignored in the answer: the last 5 bytes of peers\n", stderr)
	equalFolders(t, "album", "got/album")
}

// TestTrackersOfOtherSchemes checks that the kind of tracker that cannot be used is named.
func TestTrackersOfOtherSchemes(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<18)
	shoal(t, exitOK, "create", "album", "--announce", "wss://tracker.example")
	get := start(t, "get", "album.torrent", "--dir", "got", "--state", "off", "--listen", "off")
	get.err.await(t, "the torrent names only WebSocket trackers, which Shoal does not support yet")
	get.stop()
	get.wait(t, exitInterrupted)
}
