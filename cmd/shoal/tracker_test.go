package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

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

// TestTrackerOverBoth checks that the tracker answers HTTP and UDP at one port, and one of
// them if it is told to.
func TestTrackerOverBoth(t *testing.T) {
	isolate(t)
	answers := func(announce string) bool {
		u, err := url.Parse(announce)
		require.NoError(t, err)
		if u.Scheme == "http" {
			resp, err := http.Get(announce)
			if err == nil {
				resp.Body.Close()
			}
			return err == nil
		}
		c, err := net.Dial("udp", u.Host)
		require.NoError(t, err)
		defer c.Close()
		connect := "\x00\x00\x04\x17\x27\x10\x19\x80" + "\x00\x00\x00\x00" + "abcd"
		_, err = io.WriteString(c, connect)
		require.NoError(t, err)
		require.NoError(t, c.SetReadDeadline(time.Now().Add(10*time.Second)))
		answer := make([]byte, 100)
		n, err := c.Read(answer)
		return err == nil && n == 16 && string(answer[:8]) == "\x00\x00\x00\x00abcd"
	}
	for _, test := range []struct {
		args      []string
		http, udp bool
		said      []string
	}{
		{nil, true, true, []string{", over HTTP and UDP.", "Announce URL: http://127.0.0.1:", "Announce URL: udp://127.0.0.1:"}},
		{[]string{"--no-udp"}, true, false, []string{", over HTTP.", "Announce URL: http://127.0.0.1:"}},
		{[]string{"--no-http"}, false, true, []string{", over UDP.", "Announce URL: udp://127.0.0.1:"}},
	} {
		args := append([]string{"tracker", "--listen", "127.0.0.1:0"}, test.args...)
		tracker := start(t, append(args, "--json")...)
		o := objects(t, tracker.out.await(t, `"listening"`))[0]
		over, isHTTP := o["announce"].(string)
		overUDP, isUDP := o["announceUDP"].(string)
		require.Equal(t, test.http, isHTTP)
		require.Equal(t, test.udp, isUDP)
		if isHTTP && isUDP {
			require.Equal(t, strings.TrimPrefix(over, "http"), strings.TrimPrefix(overUDP, "udp"))
		}
		require.True(t, !isHTTP || answers(over))
		require.True(t, !isUDP || answers(overUDP))
		tracker.stop()
		tracker.wait(t, exitOK)

		tracker = start(t, args...)
		tracker.out.await(t, "Ctrl-C stops it.")
		for _, s := range test.said {
			require.Contains(t, tracker.out.String(), s)
		}
		tracker.stop()
		tracker.wait(t, exitOK)
	}
	_, stderr := shoal(t, exitUsage, "tracker", "--no-http", "--no-udp")
	require.Contains(t, stderr, "leave nothing to serve; give one of them")
}

// TestTrackerPortTakenByUDP checks that the program says what to do if somebody else has
// the port.
func TestTrackerPortTakenByUDP(t *testing.T) {
	isolate(t)
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer c.Close()
	_, stderr := shoal(t, exitFailed, "tracker", "--listen", c.LocalAddr().String())
	require.Contains(t, stderr, "Choose another address with --listen")
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
	link := "magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567&tr=wss://tracker.example&ws=http://web.example/"
	_, stderr := shoal(t, exitFailed, "get", link, "--dir", "got", "--state", "off", "--listen", "off")
	require.Contains(t, stderr, "the link names only WebSocket trackers and web seeds, which Shoal cannot ask for the metadata yet")
}
