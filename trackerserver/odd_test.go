package trackerserver

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/stretchr/testify/require"
)

// TestServerOddQueries checks how many of 300 peers an odd query gets, and whether its
// peer counts as a seed or a leecher.
func TestServerOddQueries(t *testing.T) {
	for more, want := range map[string]struct{ peers, seeds int }{
		"":                                    {50, 0},
		"&numwant=0":                          {0, 0},
		"&numwant=1":                          {1, 0},
		"&numwant=-1":                         {50, 0},
		"&numwant=201":                        {200, 0},
		"&numwant=9223372036854775807":        {200, 0},
		"&numwant=99999999999999999999":       {50, 0},
		"&numwant=%00":                        {50, 0},
		"&numwant=7&compact=0":                {7, 0},
		"&numwant=7&compact=2":                {7, 0},
		"&numwant=7&compact=":                 {7, 0},
		"&numwant=7&compact=0&no_peer_id=1":   {7, 0},
		"&numwant=7&event=":                   {7, 0},
		"&numwant=7&event=paused":             {7, 0},
		"&numwant=7&event=empty":              {7, 0},
		"&numwant=7&event=%00":                {7, 0},
		"&numwant=7&event=STARTED":            {7, 0},
		"&numwant=7&event=stopped":            {0, 0},
		"&numwant=7&port=junk&port=":          {7, 0},
		"&numwant=7&info_hash=junk":           {7, 0},
		"&numwant=7&peer_id=%":                {7, 0},
		"&numwant=7&left=0":                   {7, 1},
		"&numwant=7&left=-1&left=":            {7, 0},
		"&numwant=7&left=%00":                 {7, 0},
		"&numwant=7&&&=&=x&%00=%00&%zz=%zz&;": {7, 0},
	} {
		s := New(Config{})
		for i := range 300 {
			require.NoError(t, s.config.Handler.Announce(context.Background(), requestTo(i), new(Reply)))
		}
		w := ask(s, "192.0.2.1:1", announceURL(1, more))
		v, err := bencode.Scan(w.Body.Bytes(), bencode.Options{})
		require.NoError(t, err, "%q", more)
		peers, ok := v.Get("peers")
		require.True(t, ok, "%q: %s", more, w.Body)
		n := peers.Len()
		if peers.Kind() == bencode.String {
			b, _ := peers.Bytes()
			n = len(b) / 6
		}
		require.Equal(t, want.peers, n, "%q", more)
		require.Equal(t, want.seeds, s.Stats().Seeds, "%q", more)
	}
}

// requestTo returns the announce of a leecher to the swarm of announceURL.
func requestTo(peer int) *Request {
	r := request(1, peer+1000, 0)
	r.Swarm = someSwarm
	return r
}

func TestServerZeroBytes(t *testing.T) {
	s := New(Config{})
	zeros := strings.Repeat("%00", 20)
	w := ask(s, "192.0.2.1:1", "/announce?info_hash="+zeros+"&peer_id="+zeros+"&port=1&left=1")
	require.NotContains(t, w.Body.String(), "failure")
	w = ask(s, "192.0.2.1:1", "/scrape?info_hash="+zeros)
	require.Contains(t, w.Body.String(), "20:"+strings.Repeat("\x00", 20)+"d8:completei0e10:downloadedi0e11:downloadersi1e10:incompletei1ee")
	w = ask(s, "192.0.2.1:1", "/announce?info_hash="+zeros+"%00&peer_id="+zeros+"&port=1")
	require.Contains(t, w.Body.String(), "info_hash is not 20 bytes")
}

// TestServerHead checks that HEAD is answered and records no peer.
func TestServerHead(t *testing.T) {
	s := New(Config{})
	for _, target := range []string{announceURL(1, ""), "/scrape", "/announce"} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodHead, target, nil))
		require.Equal(t, http.StatusOK, w.Code)
		require.Empty(t, w.Body.String())
		require.Equal(t, "text/plain", w.Header().Get("Content-Type"))
	}
	require.Equal(t, Stats{}, s.Stats())
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodOptions, "BREW"} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(method, announceURL(1, ""), nil))
		require.Equal(t, http.StatusMethodNotAllowed, w.Code)
		require.Equal(t, "GET, HEAD", w.Header().Get("Allow"))
	}
}

// TestServerPort0 checks that a peer that accepts no connections makes no swarm, and
// learns of others but they not of it.
func TestServerPort0(t *testing.T) {
	s := New(Config{})
	none := strings.Replace(announceURL(1, ""), "port=1001", "port=0", 1)
	require.Contains(t, ask(s, "192.0.2.1:1", none).Body.String(), "5:peers0:e")
	require.Zero(t, s.Stats().Swarms)
	ask(s, "192.0.2.2:1", announceURL(2, ""))
	require.Contains(t, ask(s, "192.0.2.1:1", none).Body.String(), "10:incompletei1e")
	require.Contains(t, ask(s, "192.0.2.2:1", announceURL(2, "")).Body.String(), "5:peers0:e")
}

// TestServerInterval checks that a short interval is not sent as 0, which would mean that
// peers need not wait.
func TestServerInterval(t *testing.T) {
	s := New(Config{Interval: 10 * time.Millisecond, MinInterval: 10 * time.Millisecond})
	w := ask(s, "192.0.2.1:1", announceURL(1, ""))
	require.Contains(t, w.Body.String(), "8:intervali1e12:min intervali1e")
}

// TestServerPipelines sends several requests before it reads an answer.
func TestServerPipelines(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- New(Config{}).Serve(ctx, l) }()
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	targets := []string{announceURL(1, ""), "/scrape?info_hash=" + url.QueryEscape(string(someSwarm[:])), announceURL(2, ""), "/", announceURL(1, "&event=stopped")}
	var all strings.Builder
	for _, target := range targets {
		all.WriteString("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n")
	}
	_, err = io.WriteString(c, all.String())
	require.NoError(t, err)
	answers := bufio.NewReader(c)
	for _, want := range []string{"incompletei1e", "d5:files", "incompletei2e", "404", "incompletei1e"} {
		resp, err := http.ReadResponse(answers, nil)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Contains(t, string(body), want)
	}
	cancel()
	require.NoError(t, <-done)
}
