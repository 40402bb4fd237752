package connect

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

var errRefused = errors.New("connection refused")

// Each way in which a dial can fail has its reason and its step.
func TestReasons(t *testing.T) {
	answers := func(h handshake.Handshake) func(net.Conn) {
		return func(c net.Conn) {
			io.ReadFull(c, make([]byte, handshake.Len))
			handshake.Write(c, h)
		}
	}
	for _, test := range []struct {
		name, addr string
		dialer     dialerFunc
		why        Reason
		step       error
		cause      error
		took       time.Duration
	}{
		{
			name:   "nobody listens",
			dialer: func(context.Context, string) (net.Conn, error) { return nil, errRefused },
			why:    Unreached, step: ErrConnect, cause: errRefused,
		},
		{
			name:   "no answer",
			dialer: new(hangs).dial,
			why:    Unreached, step: ErrConnect, cause: context.DeadlineExceeded, took: 15 * time.Second,
		},
		{
			name:   "hung up",
			dialer: piped(func(c net.Conn) { c.Close() }),
			why:    HungUp, step: ErrHandshake,
		},
		{
			name:   "hung up in its handshake",
			dialer: piped(func(c net.Conn) { io.ReadFull(c, make([]byte, handshake.Len)); c.Write([]byte("\x13Bit")); c.Close() }),
			why:    HungUp, step: ErrHandshake, cause: io.ErrUnexpectedEOF,
		},
		{
			name:   "silent",
			dialer: piped(func(c net.Conn) { io.ReadFull(c, make([]byte, handshake.Len)) }),
			why:    Silent, step: ErrHandshake, cause: context.DeadlineExceeded, took: 10 * time.Second,
		},
		{
			name:   "another protocol",
			dialer: piped(func(c net.Conn) { io.ReadFull(c, make([]byte, handshake.Len)); c.Write([]byte("SSH")) }),
			why:    Foreign, step: ErrHandshake,
		},
		{
			name:   "ourselves",
			dialer: piped(answers(us)),
			why:    Self, step: ErrHandshake, cause: handshake.ErrSelf,
		},
		{
			name:   "another swarm",
			dialer: piped(answers(handshake.Handshake{InfoHash: swarm.ID{9}})),
			why:    NoTorrent, step: ErrHandshake, cause: handshake.ErrInfoHash,
		},
		{
			name: "blocked",
			addr: "10.0.0.66:1", why: Filtered,
		},
		{
			name: "blocked, in the form of IPv6",
			addr: "[::ffff:10.0.0.66]:1", why: Filtered,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := New(Options{
					Dialers: []Dialer{test.dialer},
					Blocked: func(a netip.Addr) bool { return a == netip.MustParseAddr("10.0.0.66") },
				})
				r := Request{Addr: somewhere, Ours: us}
				if test.addr != "" {
					r.Addr = netip.MustParseAddrPort(test.addr)
				}
				begin := time.Now()
				conn, err := c.Dial(t.Context(), r)
				require.Nil(t, conn)
				require.Equal(t, test.took, time.Since(begin))
				var failed *Error
				require.ErrorAs(t, err, &failed)
				require.Equal(t, test.why, failed.Why, "%v", err)
				require.Equal(t, unmap(r.Addr), failed.Addr)
				for _, step := range []error{ErrConnect, ErrHandshake} {
					require.Equal(t, step == test.step, errors.Is(err, step))
				}
				if test.cause != nil {
					require.ErrorIs(t, err, test.cause)
				}
				c.Close()
			})
		})
	}
}

func (h *hangs) dial(ctx context.Context, address string) (net.Conn, error) {
	return h.DialContext(ctx, "tcp", address)
}

// attempts notes the order in which a peer is tried.
type attempts struct{ all []string }

// dialer returns a Dialer of which the notes have the name.
func (a *attempts) dialer(name string, d dialerFunc) Dialer {
	return dialerFunc(func(ctx context.Context, address string) (net.Conn, error) {
		a.all = append(a.all, name)
		return d(ctx, address)
	})
}

// A peer is tried by each Dialer until one reaches it, and then by each Secure until it
// shakes hands.
func TestOrderOfAttempts(t *testing.T) {
	refuses := func(context.Context, string) (net.Conn, error) { return nil, errRefused }
	closes := piped(func(c net.Conn) { c.Close() })
	another := piped(func(c net.Conn) {
		io.ReadFull(c, make([]byte, handshake.Len))
		handshake.Write(c, handshake.Handshake{InfoHash: swarm.ID{9}})
	})
	plain := piped(shakesHands)
	masked := piped(func(c net.Conn) { shakesHands(accepted(c)) })
	second := func(first, then dialerFunc) dialerFunc { // the first connection, and those that follow
		n := 0
		return func(ctx context.Context, address string) (net.Conn, error) {
			n++
			if n == 1 {
				return first(ctx, address)
			}
			return then(ctx, address)
		}
	}
	for _, test := range []struct {
		name     string
		utp, tcp dialerFunc
		secures  []Secure
		tried    []string
		why      Reason // zero if the peer shakes hands
	}{
		{"the first", plain, refuses, nil, []string{"utp"}, 0},
		{"the second", refuses, plain, nil, []string{"utp", "tcp"}, 0},
		{"nobody", refuses, refuses, nil, []string{"utp", "tcp"}, Unreached},
		{"one that was reached", closes, plain, nil, []string{"utp"}, HungUp},
		{"encrypted first", masked, refuses, []Secure{mask{7}, nil}, []string{"utp"}, 0},
		{"a plain peer, encrypted first", plain, refuses, []Secure{mask{7}, nil}, []string{"utp", "utp"}, 0},
		{"an encrypted peer, plain first", masked, refuses, []Secure{nil, mask{7}}, []string{"utp", "utp"}, 0},
		{"another key first", masked, refuses, []Secure{mask{8}, mask{7}}, []string{"utp", "utp"}, 0},
		{"only plain", masked, plain, []Secure{nil}, []string{"utp"}, HungUp},
		{"only encrypted", plain, plain, []Secure{mask{7}}, []string{"utp"}, HungUp},
		{"unreached, encrypted first", refuses, refuses, []Secure{mask{7}, nil}, []string{"utp", "tcp"}, Unreached},
		{"closed to the second attempt", second(closes, refuses), plain, []Secure{mask{7}, nil}, []string{"utp", "utp"}, HungUp},
		{"another swarm", another, plain, []Secure{nil, mask{7}}, []string{"utp"}, NoTorrent},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var a attempts
				c := New(Options{Dialers: []Dialer{a.dialer("utp", test.utp), a.dialer("tcp", test.tcp)}, Secures: test.secures})
				conn, err := c.Dial(t.Context(), Request{Addr: somewhere, Ours: us})
				require.Equal(t, test.tried, a.all)
				if test.why != 0 {
					var failed *Error
					require.ErrorAs(t, err, &failed)
					require.Equal(t, test.why, failed.Why, "%v", err)
					return
				}
				require.NoError(t, err)
				require.Equal(t, them.PeerID, conn.Theirs.PeerID)
				require.Equal(t, us, conn.Ours)
				require.Equal(t, somewhere, conn.Addr)
				require.Equal(t, someSwarm, conn.Swarm)
				require.True(t, conn.Outgoing && conn.Supports(handshake.Fast) && !conn.Supports(handshake.Extended))
				conn.Close()
				c.Close()
			})
		})
	}
}

// TCP binds connections to a local address of the peer's kind, or does not dial.
func TestTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	for _, test := range []struct {
		local []string
		want  string // empty for any
		err   error
	}{
		{},
		{local: []string{"127.0.0.3"}, want: "127.0.0.3"},
		{local: []string{"::1", "127.0.0.4"}, want: "127.0.0.4"},
		{local: []string{"::ffff:127.0.0.5"}, want: "127.0.0.5"},
		{local: []string{"::1"}, err: errNoLocal},
	} {
		var d TCP
		for _, a := range test.local {
			d.Local = append(d.Local, netip.MustParseAddr(a))
		}
		c, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
		if test.err != nil {
			require.ErrorIs(t, err, test.err)
			continue
		}
		require.NoError(t, err)
		got, err := l.Accept()
		require.NoError(t, err)
		from := AddrPort(got.RemoteAddr()).Addr()
		require.True(t, test.want == "" || from == netip.MustParseAddr(test.want), "%v", from)
		c.Close()
		got.Close()
	}
	_, err = TCP{Local: []netip.Addr{netip.IPv6Loopback()}}.DialContext(t.Context(), "tcp", "no address")
	require.Error(t, err)
}
