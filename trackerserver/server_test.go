package trackerserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// ask sends one request to s as if from an address, and returns the answer.
func ask(s http.Handler, from, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.RemoteAddr = from
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// announceURL returns the URL of an announce by a peer whose id is its number.
func announceURL(number int, more string) string {
	return fmt.Sprintf("/announce?info_hash=%s&peer_id=%020d&port=%d&left=1%s", url.QueryEscape(string(someSwarm[:])), number, 1000+number, more)
}

func seedURL(number int, more string) string {
	return strings.Replace(announceURL(number, more), "&left=1", "&left=0", 1)
}

func TestServerAnnounce(t *testing.T) {
	s := New(Config{Interval: 10 * time.Minute, MinInterval: 2 * time.Minute})
	w := ask(s, "192.0.2.1:5000", announceURL(1, ""))
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "d8:completei0e10:downloadedi0e11:external ip4:\xc0\x00\x02\x0110:incompletei1e8:intervali600e12:min intervali120e5:peers0:e", w.Body.String())
	require.Equal(t, "text/plain", w.Header().Get("Content-Type"))
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))

	w = ask(s, "[2001:db8::1]:5000", seedURL(2, "&event=completed"))
	require.Equal(t, "d8:completei1e10:downloadedi1e11:external ip16:\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0110:incompletei1e8:intervali600e12:min intervali120e5:peers6:\xc0\x00\x02\x01\x03\xe9e", w.Body.String())

	w = ask(s, "[::ffff:192.0.2.3]:5000", announceURL(3, ""))
	require.Contains(t, w.Body.String(), "5:peers6:\xc0\x00\x02\x01\x03\xe96:peers618:\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x03\xeae")
	require.Contains(t, w.Body.String(), "11:external ip4:\xc0\x00\x02\x03")

	w = ask(s, "192.0.2.1:5000", announceURL(1, "&compact=0&numwant=1"))
	v, err := bencode.Scan(w.Body.Bytes(), bencode.Options{})
	require.NoError(t, err, "the answer is valid bencode with sorted keys")
	peers, err := v.GetList("peers")
	require.NoError(t, err)
	require.Equal(t, 1, peers.Len())
	for p := range peers.List() {
		id, err := p.GetText("peer id")
		require.NoError(t, err)
		require.Len(t, id, 20)
	}
	w = ask(s, "192.0.2.9:5000", announceURL(9, "&compact=0&no_peer_id=1"))
	require.NotContains(t, w.Body.String(), "peer id")
	require.Contains(t, w.Body.String(), "d2:ip11:2001:db8::14:porti1002ee")
	require.Contains(t, w.Body.String(), "d2:ip9:192.0.2.34:porti1003ee")
}

func TestServerEvents(t *testing.T) {
	s := New(Config{MinInterval: -1})
	counts := func(body string) (seeds, leechers, completed, peers int) {
		v, err := bencode.Scan([]byte(body), bencode.Options{})
		require.NoError(t, err)
		_, ok := v.Get("min interval")
		require.False(t, ok)
		for key, p := range map[string]*int{"complete": &seeds, "incomplete": &leechers, "downloaded": &completed} {
			n, err := v.GetInt(key)
			require.NoError(t, err)
			*p = int(n)
		}
		b, err := v.GetBytes("peers")
		require.NoError(t, err)
		return seeds, leechers, completed, len(b) / 6
	}
	for _, step := range []struct {
		from, url string
		want      [4]int
	}{
		{"192.0.2.1:1", announceURL(1, "&event=started"), [4]int{0, 1, 0, 0}},
		{"192.0.2.2:1", announceURL(2, "&event=started"), [4]int{0, 2, 0, 1}},
		{"192.0.2.2:1", announceURL(2, ""), [4]int{0, 2, 0, 1}},
		{"192.0.2.1:1", seedURL(1, "&event=completed"), [4]int{1, 1, 1, 1}},
		{"192.0.2.1:1", seedURL(1, "&event=completed"), [4]int{1, 1, 1, 1}},     // not counted twice
		{"192.0.2.2:1", announceURL(2, "&event=completed"), [4]int{1, 1, 1, 1}}, // it is not complete
		{"192.0.2.3:1", seedURL(3, "&event=started"), [4]int{2, 1, 1, 1}},       // a seed gets only leechers
		{"192.0.2.1:1", announceURL(1, ""), [4]int{1, 2, 1, 2}},                 // a seed that lost something
		{"192.0.2.1:1", announceURL(1, "&event=stopped"), [4]int{1, 1, 1, 0}},
		{"192.0.2.1:1", announceURL(1, "&event=stopped"), [4]int{1, 1, 1, 0}},
		{"192.0.2.9:1", announceURL(2, "&event=stopped"), [4]int{1, 1, 1, 0}}, // from another address
		{"192.0.2.4:1", strings.Replace(announceURL(4, ""), "port=1004", "port=0", 1), [4]int{1, 1, 1, 2}},
		{"192.0.2.2:1", announceURL(2, "&event=stopped&numwant=50"), [4]int{1, 0, 1, 0}},
		{"192.0.2.3:1", seedURL(3, "&event=stopped"), [4]int{0, 0, 1, 0}},
	} {
		seeds, leechers, completed, peers := counts(ask(s, step.from, step.url).Body.String())
		require.Equal(t, step.want, [4]int{seeds, leechers, completed, peers}, step.url)
	}
	require.Equal(t, Stats{Announces: 14, Totals: Totals{Swarms: 1}}, s.Stats())
	w := ask(s, "192.0.2.1:1", strings.Replace(announceURL(1, "&event=stopped"), "%124", "%125", 1))
	require.Contains(t, w.Body.String(), "8:completei0e", "stopped makes no swarm")
	require.Equal(t, 1, s.Stats().Swarms)
}

func TestServerScrape(t *testing.T) {
	s := New(Config{MaxScrape: 3})
	ask(s, "192.0.2.1:1", announceURL(1, ""))
	ask(s, "192.0.2.2:1", seedURL(2, "&event=completed"))
	hash := url.QueryEscape(string(someSwarm[:]))
	other := strings.Repeat("y", 20)
	w := ask(s, "192.0.2.1:1", "/some/key/scrape?info_hash="+other+"&info_hash="+hash+"&info_hash="+other)
	require.Equal(t, "d5:filesd20:"+string(someSwarm[:])+"d8:completei1e10:downloadedi1e11:downloadersi1e10:incompletei1ee"+
		"20:"+other+"d8:completei0e10:downloadedi0e11:downloadersi0e10:incompletei0eeee", w.Body.String())
	w = ask(s, "192.0.2.1:1", "/scrape?"+strings.Repeat("info_hash="+other+"&", 4))
	require.Contains(t, w.Body.String(), "failure reason")
	w = ask(s, "192.0.2.1:1", "/scrape")
	require.Contains(t, w.Body.String(), "failure reason")
	require.Equal(t, Stats{Announces: 2, Scrapes: 3, Refused: 2, Totals: Totals{Swarms: 1, Peers: 2, Seeds: 1}}, s.Stats())
}

// TestPartialSeedsOverHTTP checks the numbers that
// https://www.bittorrent.org/beps/bep_0021.html#tracker-scrapes asks for.
func TestPartialSeedsOverHTTP(t *testing.T) {
	s := New(Config{})
	ask(s, "192.0.2.1:1", announceURL(1, ""))
	ask(s, "192.0.2.2:1", seedURL(2, ""))
	w := ask(s, "192.0.2.3:1", announceURL(3, "&event=paused"))
	require.Contains(t, w.Body.String(), "8:completei1e10:downloadedi0e")
	require.Contains(t, w.Body.String(), "10:incompletei2e")
	require.Contains(t, w.Body.String(), "5:peers6:\xc0\x00\x02\x01\x03\xe9e", "it needs leechers alone")
	w = ask(s, "192.0.2.3:1", "/scrape?info_hash="+url.QueryEscape(string(someSwarm[:])))
	require.Contains(t, w.Body.String(), "d8:completei1e10:downloadedi0e11:downloadersi1e10:incompletei2ee")
}

func TestServerRefuses(t *testing.T) {
	s := New(Config{})
	w := ask(s, "192.0.2.1:1", "/announce?info_hash=x")
	require.Equal(t, http.StatusOK, w.Code, "clients read the body only of a success")
	require.Equal(t, "d14:failure reason42:info_hash is not 20 bytes, percent-encodede", w.Body.String())
	require.Equal(t, http.StatusNotFound, ask(s, "192.0.2.1:1", "/").Code)
	require.Equal(t, http.StatusNotFound, ask(s, "192.0.2.1:1", "/announce/x").Code)
	r := httptest.NewRequest(http.MethodPost, announceURL(1, ""), nil)
	post := httptest.NewRecorder()
	s.ServeHTTP(post, r)
	require.Equal(t, http.StatusMethodNotAllowed, post.Code)
	require.Contains(t, ask(s, "@", announceURL(1, "")).Body.String(), "failure reason")
	require.Zero(t, s.Stats().Peers)
}

func TestServerAllow(t *testing.T) {
	s := New(Config{Allow: func(id swarm.ID) bool { return id == someSwarm }})
	require.NotContains(t, ask(s, "192.0.2.1:1", announceURL(1, "")).Body.String(), "failure")
	other := strings.Replace(announceURL(1, ""), "%124", "%125", 1)
	require.Contains(t, ask(s, "192.0.2.1:1", other).Body.String(), "not registered")
	require.Contains(t, ask(s, "192.0.2.1:1", strings.Replace(other, "announce", "scrape", 1)).Body.String(), "8:completei0e10:downloadedi0e11:downloadersi0e10:incompletei0e")
	require.Equal(t, 1, s.Stats().Swarms)
}

func TestServerClientAddr(t *testing.T) {
	proxy := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	const header = "X-Forwarded-For"
	for _, test := range []struct {
		c       Config
		from    string
		more    string
		headers []string
		want    string
	}{
		{Config{}, "192.0.2.1:1", "", nil, "192.0.2.1"},
		{Config{}, "[fe80::1%eth0]:1", "", nil, "fe80::1"},
		{Config{}, "192.0.2.1:1", "&ip=192.0.2.9", []string{header, "192.0.2.8"}, "192.0.2.1"},
		{Config{TrustIP: true}, "192.0.2.1:1", "&ip=192.0.2.9", nil, "192.0.2.9"},
		{Config{TrustIP: true}, "192.0.2.1:1", "&ip=tracker.test", nil, "192.0.2.1"},
		{Config{Proxies: proxy}, "192.0.2.1:1", "", []string{header, "192.0.2.8"}, "192.0.2.1"},
		{Config{Proxies: proxy}, "10.0.0.1:1", "", nil, "10.0.0.1"},
		{Config{Proxies: proxy}, "10.0.0.1:1", "", []string{header, "192.0.2.8"}, "192.0.2.8"},
		{Config{Proxies: proxy}, "[::ffff:10.0.0.1]:1", "", []string{header, "1.1.1.1, 192.0.2.8 , 10.0.0.2"}, "192.0.2.8"},
		{Config{Proxies: proxy}, "[fd00::1]:1", "", []string{header, "1.1.1.1, 2001:db8::8", header, "10.0.0.2"}, "2001:db8::8"},
		{Config{Proxies: proxy}, "10.0.0.1:1", "", []string{header, "192.0.2.8, unknown, 10.0.0.2"}, "10.0.0.2"},
		{Config{Proxies: proxy}, "10.0.0.1:1", "", []string{header, ","}, "10.0.0.1"},
		{Config{Proxies: proxy}, "10.0.0.1:1", "", []string{header, "192.0.2.8:4711, 10.0.0.2:80"}, "192.0.2.8"},
		{Config{Proxies: proxy}, "10.0.0.1:1", "", []string{header, "[2001:db8::8]:4711"}, "2001:db8::8"},
	} {
		var got netip.AddrPort
		test.c.Handler = handlerFunc(func(r *Request, reply *Reply) error {
			got = r.Addr
			return nil
		})
		ask(New(test.c), test.from, announceURL(1, test.more), test.headers...)
		require.Equal(t, test.want, got.Addr().String())
		require.EqualValues(t, 1001, got.Port())
	}
}

type handlerFunc func(r *Request, reply *Reply) error

func (f handlerFunc) Announce(_ context.Context, r *Request, reply *Reply) error { return f(r, reply) }

func (f handlerFunc) Scrape(context.Context, []swarm.ID, []Counts) error {
	return errors.New("the database is at secret.internal")
}

func TestServerHandler(t *testing.T) {
	s := New(Config{Want: 7, MaxWant: 9, Handler: handlerFunc(func(r *Request, reply *Reply) error {
		switch r.Path {
		case "/key/announce":
			*reply = Reply{Interval: time.Minute, Counts: Counts{Seeds: 1, Leechers: 2, Completed: r.Want}, TrackerID: "id", Warning: "old client"}
			return nil
		case "/slow/announce":
			return &Refusal{Reason: "slow down", RetryIn: 90 * time.Second}
		case "/gone/announce":
			return fmt.Errorf("wrapped: %w", &Refusal{Reason: "gone", RetryIn: -1})
		}
		return errors.New("secret")
	})})
	for path, want := range map[string]string{
		"/key":  "d8:completei1e10:downloadedi7e11:external ip4:\xc0\x00\x02\x0110:incompletei2e8:intervali60e5:peers0:10:tracker id2:id15:warning message10:old cliente",
		"/slow": "d14:failure reason9:slow down8:retry ini2ee",
		"/gone": "d14:failure reason4:gone8:retry in5:nevere",
		"":      "d14:failure reason35:something is wrong with the trackere",
	} {
		require.Equal(t, want, ask(s, "192.0.2.1:1", path+announceURL(1, "")).Body.String())
	}
	require.Contains(t, ask(s, "192.0.2.1:1", "/key"+announceURL(1, "&numwant=1000")).Body.String(), "downloadedi9e")
	require.NotContains(t, ask(s, "192.0.2.1:1", "/scrape?info_hash="+strings.Repeat("x", 20)).Body.String(), "secret")
	require.Equal(t, Totals{}, s.Stats().Totals)
}

// TestServerLongAnswerHasLength exists because old clients cannot read chunks.
func TestServerLongAnswerHasLength(t *testing.T) {
	s := New(Config{})
	for i := range 200 {
		ask(s, fmt.Sprintf("[2001:db8:0:%x::1]:1", i+1), announceURL(i, ""))
	}
	server := httptest.NewServer(s)
	defer server.Close()
	resp, err := http.Get(server.URL + announceURL(999, "&numwant=200"))
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Greater(t, len(body), 3600)
	require.EqualValues(t, len(body), resp.ContentLength)
}

func TestServe(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	s := New(Config{})
	done := make(chan error)
	go func() { done <- s.Serve(ctx, l) }()
	client := &http.Client{Transport: &http.Transport{}}
	resp, err := client.Get("http://" + l.Addr().String() + announceURL(1, ""))
	require.NoError(t, err)
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	require.Equal(t, 1, s.Stats().Peers)
	cancel()
	require.NoError(t, <-done)
	_, err = net.Dial("tcp", l.Addr().String())
	require.Error(t, err)

	l, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l.Close()
	require.Error(t, s.Serve(context.Background(), l))
}

// TestServeLeavesNothing checks that no goroutine is left even if a client is slow.
func TestServeLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- New(Config{}).Serve(ctx, l) }()
		near, far := net.Pipe()
		l.conns <- far
		since := time.Now()
		_, err := near.Read(make([]byte, 1)) // slow loris: not a byte of a header
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, 11*time.Second, time.Since(since)) // ten and up to one more
		near, far = net.Pipe()
		l.conns <- far
		near.Write([]byte("GET "))
		cancel()
		since = time.Now()
		_, err = near.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF, "a client that does not finish is disconnected")
		require.Equal(t, time.Second, time.Since(since))
		require.NoError(t, <-done)
	})
}

// A pipeListener accepts the far ends of pipes.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	select {
	case <-l.closed:
	default:
		close(l.closed)
	}
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

func FuzzServeHTTP(f *testing.F) {
	f.Add("/announce", query, "192.0.2.1:1")
	f.Add("/announce", query+"&compact=0&left=0&event=completed", "[2001:db8::1]:1")
	f.Add("/scrape", "info_hash="+strings.Repeat("%00", 20), "192.0.2.1:1")
	s := New(Config{MaxSwarms: 10, MaxPeers: 10, TrustIP: true})
	f.Fuzz(func(t *testing.T, path, query, from string) {
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: path, RawQuery: query}, RemoteAddr: from, Header: http.Header{}}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			return
		}
		if _, err := bencode.Scan(w.Body.Bytes(), bencode.Options{}); err != nil {
			t.Fatalf("answer %q: %v", w.Body, err)
		}
		if n := s.Stats(); n.Swarms > 10 || n.Peers > 100 || n.Seeds > n.Peers || n.Peers < 0 {
			t.Fatalf("%+v", n)
		}
	})
}
