package httptracker

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func zipped(t testing.TB, plain io.Reader) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.Copy(w, plain)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// zeros is a reader of that many zeros.
func zeros(n int64) io.Reader { return io.LimitReader(zeroReader{}, n) }

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func gzipped(body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(body)
	}
}

func announceOnce(n *network, url string, c Config) (Reply, error) {
	c.Client = n.client
	return Announce(context.Background(), url, announcement(swarm.Started), c)
}

func TestGzip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		body := zipped(t, strings.NewReader(twoPeers))
		n.serve("tracker.test", func(w http.ResponseWriter, r *http.Request) {
			require.Equal(t, "gzip", r.Header.Get("Accept-Encoding"))
			gzipped(body)(w, r)
		})
		reply, err := announceOnce(n, "http://tracker.test/announce", Config{})
		require.NoError(t, err)
		require.Len(t, reply.Peers, 2)
	})
}

// TestHostileAnswers checks that every invalid answer is an error of a documented type,
// and that no answer takes too much time or memory.
func TestHostileAnswers(t *testing.T) {
	bomb := zipped(t, zeros(16<<20))
	empty := bytes.Repeat(zipped(t, strings.NewReader("")), 60_000) // 1.4 MB that decompress to nothing
	for name, h := range map[string]http.HandlerFunc{
		"100 MB": func(w http.ResponseWriter, r *http.Request) { io.Copy(w, zeros(100<<20)) },
		"100 MB announced": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(100<<20))
			io.Copy(w, zeros(100<<20))
		},
		"gzip bomb":          gzipped(bomb),
		"gzip of nothing":    gzipped(empty),
		"not gzip":           gzipped([]byte("hello, this is not gzip at all")),
		"truncated gzip":     gzipped(bomb[:100]),
		"gzip damaged":       gzipped(append(bytes.Clone(bomb[:20]), bytes.Repeat([]byte{0xa5}, 200)...)),
		"gzip empty":         gzipped(nil),
		"another encoding":   func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Encoding", "br") },
		"nothing":            reply(""),
		"a web page":         reply("<html>"),
		"garbage":            reply(strings.Repeat("\xff\x00", 1000)),
		"deep":               reply("d5:peers" + strings.Repeat("l", 1<<19)),
		"redirect to itself": http.RedirectHandler("/announce", http.StatusFound).ServeHTTP,
		"redirect to a file": http.RedirectHandler("file:///etc/passwd", http.StatusFound).ServeHTTP,
		"redirect to nothing": func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Location"] = []string{"http://%zz"}
			w.WriteHeader(302)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t)
				n.serve("tracker.test", h)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				_, err := announceOnce(n, "http://tracker.test/announce", Config{})
				runtime.ReadMemStats(&after)
				var wrong *ResponseError
				require.ErrorAs(t, err, &wrong)
				require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(24<<20))
			})
		})
	}
}

func TestBodyLimitIsExact(t *testing.T) {
	body := "d8:intervali60e5:peers0:4:junk100:" + strings.Repeat("x", 100) + "e"
	for _, pack := range []func() http.HandlerFunc{
		func() http.HandlerFunc { return reply(body) },
		func() http.HandlerFunc { return gzipped(zipped(t, strings.NewReader(body))) },
	} {
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork(t)
			n.serve("tracker.test", pack())
			_, err := announceOnce(n, "http://tracker.test/announce", Config{MaxBody: int64(len(body))})
			require.NoError(t, err)
			_, err = announceOnce(n, "http://tracker.test/announce", Config{MaxBody: int64(len(body)) - 1})
			require.ErrorContains(t, err, "longer than")
			_, err = announceOnce(n, "http://tracker.test/announce", Config{MaxBody: -1})
			require.NoError(t, err)
		})
	}
}

func TestTimeouts(t *testing.T) {
	dripping := func(w http.ResponseWriter, r *http.Request) {
		for {
			if _, err := io.WriteString(w, "d"); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-time.After(9 * time.Second):
			case <-r.Context().Done():
				return
			}
		}
	}
	for _, test := range []struct {
		name  string
		set   func(n *network)
		event swarm.Event
		c     Config
		want  time.Duration
	}{
		{"no connection", func(n *network) { n.unreachable("tracker.test") }, swarm.Started, Config{}, 10 * time.Second},
		{"no answer", func(n *network) { n.silent("tracker.test") }, swarm.Started, Config{}, 10 * time.Second},
		{"a byte at a time", func(n *network) { n.serve("tracker.test", dripping) }, swarm.Started, Config{}, 30 * time.Second},
		{"no answer to stopped", func(n *network) { n.silent("tracker.test") }, swarm.Stopped, Config{}, 5 * time.Second},
		{"set", func(n *network) { n.silent("tracker.test") }, swarm.None, Config{Timeout: 3 * time.Second}, 3 * time.Second},
		{"silence off", func(n *network) { n.silent("tracker.test") }, swarm.None, Config{Silence: -1}, 30 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t)
				test.set(n)
				test.c.Client = n.client
				since := time.Now()
				_, err := Announce(context.Background(), "http://tracker.test/announce", announcement(test.event), test.c)
				require.ErrorIs(t, err, os.ErrDeadlineExceeded)
				require.Equal(t, test.want, time.Since(since))
			})
		})
	}
}

func TestRedirects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		hops := 0
		n.serve("tracker.test", func(w http.ResponseWriter, r *http.Request) {
			require.Empty(t, r.Header.Get("Referer"), "the referer would contain the passkey")
			if hops--; hops < 0 {
				io.WriteString(w, twoPeers)
				return
			}
			w.Header().Set("Location", "http://tracker.test/x?"+r.URL.RawQuery)
			w.WriteHeader([]int{301, 302, 303, 307, 308}[hops%5])
		})
		for hops = range []int{0, 1, 2, 3, 4, 5} {
			_, err := announceOnce(n, "http://tracker.test/announce", Config{})
			require.NoError(t, err)
		}
		hops = 6
		_, err := announceOnce(n, "http://tracker.test/announce", Config{})
		require.ErrorContains(t, err, "more than 5 times")
	})
}

func TestRedirectSecretsAreRedacted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.serve("tracker.test", http.RedirectHandler("http://other.test/0123456789abcdef/announce", http.StatusFound).ServeHTTP)
		_, err := announceOnce(n, "http://tracker.test/fedcba9876543210/announce?auth=topsecret1", Config{})
		require.EqualError(t, err, "httptracker: announce http://tracker.test/***/announce?***: dial other.test: connection refused")
	})
}

func TestStatus(t *testing.T) {
	for _, test := range []struct {
		code   int
		header string
		body   string
		want   error
	}{
		{404, "", "<html>", &StatusError{Code: 404}},
		{503, "120", "", &StatusError{Code: 503, RetryIn: 2 * time.Minute}},
		{503, "-5", "", &StatusError{Code: 503}},
		{503, "Fri, 31 Dec 1999 23:59:59 GMT", "", &StatusError{Code: 503}},
		{503, "Sat, 01 Jan 2000 00:10:00 GMT", "", &StatusError{Code: 503, RetryIn: 10 * time.Minute}}, // the clock shows 0:00
		{503, "Fri, 31 Dec 9999 23:59:59 GMT", "", &StatusError{Code: 503, RetryIn: 365 * 24 * time.Hour}},
		{500, "", twoPeers, &StatusError{Code: 500, RetryIn: 30 * time.Minute}},
		{503, "120", twoPeers, &StatusError{Code: 503, RetryIn: 2 * time.Minute}},
		{200, "120", "d14:failure reason4:busye", &FailureError{Reason: "busy", RetryIn: 2 * time.Minute}},
		{200, "120", "d14:failure reason4:busy8:intervali900ee", &FailureError{Reason: "busy", Interval: 15 * time.Minute}},
		{200, "120", "d14:failure reason4:busy8:retry ini9ee", &FailureError{Reason: "busy", RetryIn: 9 * time.Minute}},
		{304, "", "", &StatusError{Code: 304}},
		{403, "", "d14:failure reason99:no such", &StatusError{Code: 403}},
		{403, "", "d14:failure reason7:no such8:retry in5:nevere", &FailureError{Reason: "no such", RetryIn: -1}},
		{302, "", "", &StatusError{Code: 302}},
	} {
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork(t)
			n.serve("tracker.test", func(w http.ResponseWriter, r *http.Request) {
				if test.header != "" {
					w.Header().Set("Retry-After", test.header)
				}
				w.WriteHeader(test.code)
				io.WriteString(w, test.body)
			})
			_, err := announceOnce(n, "http://tracker.test/announce", Config{})
			switch want := test.want.(type) {
			case *StatusError:
				var got *StatusError
				require.ErrorAs(t, err, &got)
				require.Equal(t, want, got)
			case *FailureError:
				var got *FailureError
				require.ErrorAs(t, err, &got)
				require.Equal(t, want, got)
			}
		})
	}
}

// TestWire compares the bytes of a request on a socket with a golden request.
func TestWire(t *testing.T) {
	var uri, agent, auth string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		uri, agent, auth = r.RequestURI, r.UserAgent(), r.Header.Get("Authorization")
		io.WriteString(w, twoPeers)
	}))
	defer server.Close()
	url := strings.Replace(server.URL, "http://", "http://me:pass@", 1) + "/announce.php?own=%26%20x"
	reply, err := Announce(t.Context(), url, announcement(swarm.Completed), Config{Key: 1, UserAgent: "x/1"})
	require.NoError(t, err)
	require.Equal(t, addresses("96.126.104.219:6889", "192.0.2.1:80"), reply.Peers)
	require.Equal(t, 30*time.Minute, reply.Next)
	require.Equal(t, 5*time.Minute, reply.Min)
	require.Equal(t, "/announce.php?own=%26%20x&info_hash=%124Vx%9A%BC%DE%F1%23Eg%89%AB%CD%EF%124Vx%9A"+
		"&peer_id=-SH0001-abc%20~._%2B%26%3D%250"+
		"&port=6881&uploaded=1&downloaded=2&left=3&compact=1&no_peer_id=1&numwant=50&key=00000001&event=completed", uri)
	require.Equal(t, "x/1", agent)
	require.Equal(t, "Basic "+base64.StdEncoding.EncodeToString([]byte("me:pass")), auth)
}

func TestHTTPSIsVerified(t *testing.T) {
	server := httptest.NewTLSServer(reply(twoPeers))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	defer server.Close()
	_, err := Announce(t.Context(), server.URL+"/announce", announcement(swarm.Started), Config{})
	require.ErrorContains(t, err, "certificate")
	trusting := server.Client().Transport.(*http.Transport).TLSClientConfig
	_, err = Announce(t.Context(), server.URL+"/announce", announcement(swarm.Started), Config{TLS: trusting})
	require.NoError(t, err)
}

func TestRedirectFromHTTPSToHTTPIsRefused(t *testing.T) {
	plain := httptest.NewServer(reply(twoPeers))
	defer plain.Close()
	server := httptest.NewTLSServer(http.RedirectHandler(plain.URL+"/announce", http.StatusFound))
	defer server.Close()
	trusting := server.Client().Transport.(*http.Transport).TLSClientConfig
	_, err := Announce(t.Context(), server.URL+"/announce", announcement(swarm.Started), Config{TLS: trusting})
	require.ErrorContains(t, err, "from https")
}
