package httptracker

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// raw makes host answer each connection with the bytes of answer. It then closes the
// connection, or keeps it open if the answer is to be slow.
func (n *network) raw(host string, answer []byte, keepOpen bool) {
	l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	n.listen(host, l)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				http.ReadRequest(bufio.NewReader(c))
				c.Write(answer)
				if keepOpen {
					io.Copy(io.Discard, c)
				}
			}()
		}
	}()
	n.t.Cleanup(func() { l.Close() })
}

// TestOddAnswers sends whole answers of which a part is odd, and checks that the rest is
// used and the user learns of it.
func TestOddAnswers(t *testing.T) {
	for file, warning := range map[string]string{
		"compact-peers-11-bytes":                 "ignored in the answer: the last 5 bytes of peers",
		"content-encoding-utf-8":                 "",
		"list-with-one-bad-peer":                 "ignored in the answer: 1 of 2 entries of peers",
		"peers6-behind-the-dictionary":           "ignored in the answer: 29 bytes after the end",
		"peers6-is-an-integer-beside-good-peers": "ignored in the answer: peers6, which is an integer",
		"zero-byte-behind-the-answer":            "",
	} {
		t.Run(file, func(t *testing.T) {
			answer, err := os.ReadFile("testdata/" + file + ".http")
			require.NoError(t, err)
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t)
				n.raw("tracker.test", answer, false)
				reply, err := announceOnce(n, "http://tracker.test/announce", Config{})
				require.NoError(t, err)
				require.Equal(t, addresses("127.0.0.1:6881"), reply.Peers)
				require.Equal(t, 30*time.Minute, reply.Next)
				require.Equal(t, warning, reply.Warning)
			})
		})
	}
}

// TestOddTransfers sends an answer that is complete, in a transfer that is not as it
// should be.
func TestOddTransfers(t *testing.T) {
	packed := zipped(t, strings.NewReader(twoPeers))
	damaged := bytes.Clone(packed)
	damaged[len(damaged)-5] ^= 1 // the length at its end
	chunk := fmt.Sprintf("%x\r\n%s\r\n", len(twoPeers), twoPeers)
	for name, answer := range map[string]string{
		"the length is too large":    fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(twoPeers)+10, twoPeers),
		"no last chunk":              "Transfer-Encoding: chunked\r\n\r\n" + chunk,
		"a broken last chunk":        "Transfer-Encoding: chunked\r\n\r\n" + chunk + "zz\r\n",
		"gzip without the header":    "\r\n" + string(packed),
		"gzip and another header":    "Content-Encoding: utf-8\r\n\r\n" + string(packed),
		"a header without gzip":      "Content-Encoding: gzip\r\n\r\n" + twoPeers,
		"gzip without its end":       "Content-Encoding: gzip\r\n\r\n" + string(packed[:len(packed)-6]),
		"gzip with a wrong checksum": "Content-Encoding: gzip\r\n\r\n" + string(damaged),
		"bytes after gzip":           "Content-Encoding: gzip\r\n\r\n" + string(packed) + "more",
	} {
		t.Run(name, func(t *testing.T) {
			for _, keepOpen := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) {
					n := newNetwork(t)
					n.raw("tracker.test", []byte("HTTP/1.1 200 OK\r\n"+answer), keepOpen)
					since := time.Now()
					reply, err := announceOnce(n, "http://tracker.test/announce", Config{})
					require.NoError(t, err)
					require.Len(t, reply.Peers, 2)
					require.LessOrEqual(t, time.Since(since), 10*time.Second)
				})
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.raw("tracker.test", []byte("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"+twoPeers[:40]), false)
		_, err := announceOnce(n, "http://tracker.test/announce", Config{})
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, "the reason is that the transfer ended, not the syntax")
		n.raw("br.test", []byte("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n\x0b\x02\x80"), false)
		_, err = announceOnce(n, "http://br.test/announce", Config{})
		require.ErrorContains(t, err, `content encoding "br"`)
	})
}

func FuzzReadBody(f *testing.F) {
	packed := zipped(f, strings.NewReader(twoPeers))
	f.Add([]byte(twoPeers))
	f.Add(packed)
	f.Add(packed[:len(packed)-6])
	f.Add(append(bytes.Clone(packed), packed...))
	f.Add(zipped(f, zeros(1<<20)))
	f.Fuzz(func(t *testing.T, body []byte) {
		const limit = 1000
		c := Config{MaxBody: limit}
		w := newWatchdog(t.Context(), 0, 0)
		defer w.stop()
		got, err := c.readBody(w, &http.Response{ContentLength: -1, Body: io.NopCloser(bytes.NewReader(body))})
		if len(got) > limit {
			t.Fatalf("%d bytes", len(got))
		}
		if err != nil {
			var wrong *ResponseError
			if !errors.As(err, &wrong) {
				t.Fatalf("error %v has an undocumented type", err)
			}
			return
		}
		if !bytes.HasPrefix(body, []byte(gzipMagic)) && !bytes.Equal(got, body) {
			t.Fatalf("%q became %q", body, got)
		}
	})
}
