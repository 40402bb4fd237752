package httptracker

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func TestRoutes(t *testing.T) {
	c := Config{}.withDefaults()
	for host, want := range map[string]int{"tracker.test": 2, "192.0.2.1": 1, "2001:db8::1": 1} {
		routes, err := c.routes(host)
		require.NoError(t, err)
		require.Len(t, routes, want, host)
	}
	_, err := New("http://[2001:db8::1]/announce", Config{From: []netip.Addr{netip.IPv4Unspecified()}})
	require.ErrorContains(t, err, "family")
	_, err = New("http://tracker.test/announce", Config{From: []netip.Addr{{}}})
	require.Error(t, err)
}

// TestBothFamiliesAnnounce checks that we announce from each of our addresses:
// https://www.bittorrent.org/beps/bep_0007.html. The fake tracker has one server for each
// family. The dialed network selects the server, so the test needs no IPv6.
func TestBothFamiliesAnnounce(t *testing.T) {
	var asked [2]atomic.Int32
	server := func(i int, answer string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked[i].Add(1)
			io.WriteString(w, answer)
		}))
		t.Cleanup(s.Close)
		return s.Listener.Addr().String()
	}
	four := server(0, "d8:completei3e8:intervali900e5:peers6:iiiippe")
	six := server(1, "d8:intervali600e12:min intervali120e5:peers0:6:peers618:iiiiiiiiiiiiiiiippe")
	c := Config{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		require.Equal(t, "tracker.test:80", address)
		to := map[string]string{"tcp4": four, "tcp6": six}[network]
		return new(net.Dialer).DialContext(ctx, "tcp", to)
	}}
	const url = "http://tracker.test/announce"
	reply, err := Announce(t.Context(), url, announcement(swarm.Started), c)
	require.NoError(t, err)
	require.ElementsMatch(t, addresses("105.105.105.105:28784", "[6969:6969:6969:6969:6969:6969:6969:6969]:28784"), reply.Peers)
	require.Equal(t, 10*time.Minute, reply.Next)
	require.Equal(t, 2*time.Minute, reply.Min)
	require.Equal(t, 3, reply.Seeds)
	require.EqualValues(t, 1, asked[0].Load())
	require.EqualValues(t, 1, asked[1].Load())

	c.From = []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	_, err = Announce(t.Context(), url, announcement(swarm.Started), c)
	require.NoError(t, err)
	require.EqualValues(t, 2, asked[0].Load())
	require.EqualValues(t, 1, asked[1].Load())
}

// TestOneFamilyIsEnough checks that an announce succeeds if the tracker has only one of
// the two addresses that are tried.
func TestOneFamilyIsEnough(t *testing.T) {
	server := httptest.NewServer(reply(twoPeers))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	reply, err := Announce(t.Context(), "http://localhost:"+port+"/announce", announcement(swarm.Started), Config{})
	require.NoError(t, err)
	require.Len(t, reply.Peers, 2)
	server.Close()
	_, err = Announce(t.Context(), "http://localhost:"+port+"/announce", announcement(swarm.Started), Config{})
	require.Error(t, err)
}

func TestAskRoutes(t *testing.T) {
	ask := func(waits ...time.Duration) func(context.Context, int, route) (int, error) {
		return func(ctx context.Context, i int, _ route) (int, error) {
			wait, err := waits[i], error(nil)
			if wait < 0 {
				wait, err = -wait, errors.New("no")
			}
			select {
			case <-time.After(wait):
				return i, err
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		routes := make([]route, 2)
		run := func(ask func(context.Context, int, route) (int, error)) (order []int, errs []error) {
			for o := range askRoutes(t.Context(), routes, grace, ask) {
				order, errs = append(order, o.route), append(errs, o.err)
			}
			return order, errs
		}
		order, errs := run(ask(2*time.Second, time.Second))
		require.Equal(t, []int{1, 0}, order)
		require.Equal(t, []error{nil, nil}, errs)

		since := time.Now()
		order, errs = run(ask(time.Second, time.Hour))
		require.Equal(t, []int{0, 1}, order)
		require.Equal(t, []error{nil, errLate}, errs)
		require.Equal(t, time.Second+grace, time.Since(since))

		since = time.Now()
		_, errs = run(ask(-time.Second, 20*time.Second))
		require.Error(t, errs[0])
		require.NoError(t, errs[1], "no route is late before one has answered")
		require.Equal(t, 20*time.Second, time.Since(since))

		since = time.Now()
		for range askRoutes(t.Context(), routes, 0, ask(time.Second, time.Hour)) {
			break
		}
		require.Equal(t, time.Second, time.Since(since))
	})
}

func TestIsLocal(t *testing.T) {
	for _, host := range []string{
		"127.0.0.1", "127.0.0.1:80", "[::1]:80", "::1", "10.1.2.3", "192.168.0.1", "172.16.0.1:1", "169.254.169.254", "fe80::1", "[fe80::1%eth0]:80", "fd00::1",
		"0.0.0.0", "::", "100.64.0.1", "0.1.2.3", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "224.0.0.1", "localhost", "LOCALHOST.:80", "a.localhost",
	} {
		require.True(t, isLocal(host), host)
	}
	for _, host := range []string{"8.8.8.8", "192.0.2.1:80", "[2001:db8::1]:80", "tracker.test", "tracker.test:80", "100.128.0.1", "172.32.0.1", "64:ff9b::808:808"} {
		require.False(t, isLocal(host), host)
	}
}

func TestRefuseLocal(t *testing.T) {
	server := httptest.NewServer(reply(twoPeers))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	for _, host := range []string{"127.0.0.1", "localhost"} {
		url := "http://" + host + ":" + port + "/announce"
		_, err := Announce(t.Context(), url, announcement(swarm.Started), Config{})
		require.NoError(t, err)
		_, err = Announce(t.Context(), url, announcement(swarm.Started), Config{RefuseLocal: true})
		require.ErrorContains(t, err, "refused")
		_, err = Announce(t.Context(), url, announcement(swarm.Started), Config{RefuseLocal: true, Client: server.Client()})
		require.ErrorContains(t, err, "refused")
	}
}

// TestRefuseLocalAtDial checks that names are refused by the addresses that they resolve
// to.
func TestRefuseLocalAtDial(t *testing.T) {
	server := httptest.NewServer(reply(twoPeers))
	defer server.Close()
	c := Config{}.withDefaults()
	g := new(addressFilter)
	client, done := route{from: netip.IPv4Unspecified()}.open(&c, g)
	defer done()
	resp, err := client.Get(server.URL)
	require.NoError(t, err)
	resp.Body.Close()
	g.refuseLocal.Store(true)
	_, err = client.Get(server.URL)
	require.ErrorContains(t, err, "refused because it is local")
}

// publicConn pretends to be connected to a public address.
type publicConn struct{ net.Conn }

func (publicConn) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.1:80"))
}

// TestRedirectFromPublicToLocal checks that a public tracker cannot redirect us to
// addresses that only we can reach.
func TestRedirectFromPublicToLocal(t *testing.T) {
	for _, public := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork(t)
			n.serve("tracker.test", http.RedirectHandler("http://127.0.0.1/announce", http.StatusFound).ServeHTTP)
			n.serve("127.0.0.1", reply(twoPeers))
			n.client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
				c, err := n.dial(ctx, network, address)
				if err == nil && public {
					c = publicConn{c}
				}
				return c, err
			}
			_, err := announceOnce(n, "http://tracker.test/announce", Config{})
			if public {
				require.ErrorContains(t, err, "refused because it is local")
			} else {
				require.NoError(t, err)
			}
		})
	}
}
