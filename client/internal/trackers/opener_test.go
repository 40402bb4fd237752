package trackers

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/udptracker"
)

// A silentConn is a socket to which nothing ever comes.
type silentConn struct {
	net.PacketConn
	mu   sync.Mutex
	past chan struct{} // closed when the read deadline is past
	sent func(to string)
}

func (c *silentConn) ReadFrom([]byte) (int, net.Addr, error) {
	c.mu.Lock()
	past := c.past
	c.mu.Unlock()
	<-past
	return 0, nil, os.ErrDeadlineExceeded
}

func (c *silentConn) SetReadDeadline(at time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.IsZero() {
		c.past = make(chan struct{})
	} else {
		close(c.past)
	}
	return nil
}

func (c *silentConn) WriteTo(b []byte, to net.Addr) (int, error) {
	c.sent(to.String())
	return len(b), nil
}

func (c *silentConn) Close() error { return nil }

// A roundTripper is an http.RoundTripper.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Silent UDP trackers delay those behind them by 15 s each, and keep none of them from being
// asked. The last one has no alternative, so it is asked again within a call.
func TestSilentUDPTrackers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		packets := make(map[string]int)
		var answeredAfter time.Duration
		config := httptracker.Config{Client: &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			answeredAfter = time.Since(began)
			body := io.NopCloser(strings.NewReader("d8:intervali1800e5:peers0:e"))
			return &http.Response{StatusCode: http.StatusOK, Body: body, Header: make(http.Header)}, nil
		})}}
		opener := NewOpener(config, udptracker.Config{
			Listen: func(context.Context, string, string) (net.PacketConn, error) {
				return &silentConn{sent: func(to string) { packets[to]++ }}, nil
			},
		})
		defer opener.Close()
		silent := []string{"udp://192.0.2.1:1", "udp://192.0.2.2:1", "udp://192.0.2.3:1", "udp://192.0.2.4:1", "udp://192.0.2.5:1"}
		tiers := httptracker.NewTiers([][]string{silent, {"http://tracker.example/announce"}}, httptracker.TiersConfig{Open: opener.Func(config), Seed: 1})
		announce := func() swarm.Answer {
			calledAt := time.Now()
			answer, _ := tiers.Announce(t.Context(), swarm.Announcement{Event: swarm.Started, Port: 1}, func(swarm.Address) {})
			require.LessOrEqual(t, time.Since(calledAt), time.Minute)
			return answer
		}
		calls := 0
		for answeredAfter == 0 {
			time.Sleep(announce().Next)
			calls++
			require.Less(t, calls, 5)
		}
		require.GreaterOrEqual(t, answeredAfter, 5*15*time.Second)
		require.Less(t, answeredAfter, 2*time.Minute)
		for to, n := range packets {
			require.LessOrEqual(t, n, 3, to)
		}
		for _, s := range tiers.Status() {
			require.Equal(t, strings.HasPrefix(s.URL, "http"), s.Working, s.URL)
			require.Equal(t, s.Err == nil, s.Working, s.URL)
		}
		tiers.Set([][]string{silent[:1]})
		before := packets["192.0.2.1:1"]
		began = time.Now()
		announce()
		require.Greater(t, packets["192.0.2.1:1"], before)
		require.Greater(t, time.Since(began), 15*time.Second)
	})
}
