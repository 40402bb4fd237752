package connect

import (
	"context"
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

// Each policy has a name, and tries and lets in what its comment says.
func TestPolicy(t *testing.T) {
	m := mask{7}
	for p, want := range map[Policy][]Secure{Prefer: {m, nil}, Allow: {nil, m}, Off: {nil}, Require: {m}} {
		require.Equal(t, want, p.Secures(m), p.String())
		text, err := p.MarshalText()
		require.NoError(t, err)
		again := Policy(9)
		require.NoError(t, again.UnmarshalText(text))
		require.Equal(t, p, again)
	}
	var p Policy
	require.Equal(t, "prefer", p.String())
	require.ErrorContains(t, p.UnmarshalText([]byte("Prefer")), "use off, allow, prefer or require")
	require.Equal(t, "Policy(4)", Policy(4).String())
}

// ignores is a peer that does not answer one that encrypts, and shakes hands with others.
func ignores(c net.Conn) {
	start := make([]byte, 1)
	_, err := io.ReadFull(c, start)
	if err == nil && start[0] >= maskStart {
		io.Copy(io.Discard, c)
		return
	}
	shakesHands(&begunConn{c, start})
}

// requires is a peer that closes plain connections.
func requires(c net.Conn) { shakesHands(accepted(c)) }

// A peer that does not answer is asked on a plain connection after three seconds. What it
// answered to comes first the next time, as long as it works.
func TestFallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		peer := ignores
		dials := 0
		c := New(Options{
			Dialers: []Dialer{dialerFunc(func(ctx context.Context, addr string) (net.Conn, error) {
				dials++
				return piped(peer)(ctx, addr)
			})},
			Secures: Prefer.Secures(mask{7}),
		})
		for _, step := range []struct {
			name  string
			peer  func(net.Conn)
			addr  string
			dials int
			took  time.Duration
			why   Reason // zero for a handshake
		}{
			{"unknown", ignores, "10.0.0.2:1", 2, 3 * time.Second, 0},
			{"remembered", ignores, "10.0.0.2:1", 1, 0, 0},
			{"another address", ignores, "10.0.0.2:2", 2, 3 * time.Second, 0},
			{"it changed", requires, "10.0.0.2:1", 2, 0, 0},
			{"it changed, remembered", requires, "10.0.0.2:1", 1, 0, 0},
			{"it changed again", ignores, "10.0.0.2:1", 2, 3 * time.Second, 0},
			{"it is silent, plain first", func(net.Conn) {}, "10.0.0.2:1", 2, 20 * time.Second, Silent},
			{"forgotten", requires, "10.0.0.2:1", 1, 0, 0},
			{"silent", func(net.Conn) {}, "10.0.0.3:1", 2, 13 * time.Second, Silent},
		} {
			peer, dials = step.peer, 0
			begin := time.Now()
			conn, err := c.Dial(t.Context(), to(step.addr))
			require.Equal(t, step.took, time.Since(begin), step.name)
			require.Equal(t, step.dials, dials, step.name)
			require.Equal(t, step.why, ReasonOf(err), "%s: %v", step.name, err)
			if err == nil {
				conn.Close()
			}
		}
		require.Len(t, c.preferred.by, 1, "only one address prefers something other than the first")
		c.Close()
	})
}

// An attempt to encrypt has its three seconds, also if it is the first to an address and others wait.
func TestFirstDialMayEncrypt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(c net.Conn) {
			time.Sleep(2 * time.Second)
			requires(c)
		}
		c := New(Options{Dialers: []Dialer{piped(slow)}, Secures: Prefer.Secures(mask{7}), HalfOpen: 1})
		r := to("10.0.0.2:1")
		r.First = true
		dialed := make(chan error, 2)
		done := func(_ *Conn, err error) { dialed <- err }
		begin := time.Now()
		c.Start(t.Context(), r, done)
		c.Start(t.Context(), to("10.0.0.3:1"), done)
		require.NoError(t, <-dialed)
		require.Equal(t, 2*time.Second, time.Since(begin))
		require.NoError(t, <-dialed)
		c.Close()
	})
}

// A caller that gives up, and a peer without the torrent, say nothing about encryption.
func TestFinalErrorsForgetNothing(t *testing.T) {
	addr := somewhere
	c := New(Options{Secures: Prefer.Secures(mask{7}), Dialers: []Dialer{piped(func(c net.Conn) {
		io.ReadFull(c, make([]byte, handshake.Len))
		handshake.Write(c, handshake.Handshake{InfoHash: swarm.ID{9}})
	})}})
	c.preferred.remember(addr, nil, true)
	_, err := c.Dial(t.Context(), Request{Addr: addr, Ours: us})
	require.Equal(t, NoTorrent, ReasonOf(err))
	require.Equal(t, []Secure{nil, mask{7}}, c.preferred.order(addr, c.options.Secures))
	c.Close()
}

// addrWithPort returns an address with another port.
func addrWithPort(a netip.AddrPort, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr(), port)
}

// The memory of addresses is bounded, and the oldest goes.
func TestPreferredIsBounded(t *testing.T) {
	var p preferred
	all := Prefer.Secures(mask{7})
	for i := range 2 * maxPreferred {
		addr := addrWithPort(somewhere, uint16(i))
		p.remember(addr, nil, true)
		require.Equal(t, []Secure{nil, mask{7}}, p.order(addr, all))
	}
	require.Len(t, p.by, maxPreferred)
	require.Len(t, p.added, maxPreferred)
	require.Equal(t, all, p.order(addrWithPort(somewhere, maxPreferred-1), all))
	require.NotEqual(t, all, p.order(addrWithPort(somewhere, maxPreferred), all))
	for i := range 2 * maxPreferred {
		p.remember(addrWithPort(somewhere, uint16(i)), mask{7}, false)
	}
	require.Empty(t, p.by)
	require.Empty(t, p.added)
}

// What is let in may differ from what is tried.
func TestAccepts(t *testing.T) {
	for _, test := range []struct {
		in   Policy
		peer Secure
		why  Reason
	}{
		{Require, nil, Refused},
		{Require, mask{7}, 0},
		{Off, nil, 0},
		{Off, mask{7}, Foreign},
		{Allow, mask{7}, 0},
	} {
		c := New(Options{Secures: []Secure{mask{8}}, Accepts: test.in.Secures(mask{7})})
		c.AddSwarm(someSwarm)
		ours, theirs := net.Pipe()
		go dials(test.peer, them)(theirs)
		_, err := c.Accept(t.Context(), addrConn{ours, somewhere}, func(handshake.Handshake) (handshake.Handshake, error) { return us, nil })
		require.Equal(t, test.why, ReasonOf(err), "%v, %v", test.in, err)
		theirs.Close()
	}
}
