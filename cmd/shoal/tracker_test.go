package main

import (
	"fmt"
	"io"
	"net/http"
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
