package trackerserver

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// serveUDP starts a server at an address, and returns its port and how to stop it.
func serveUDP(t *testing.T, s *Server, network, addr string) (port uint16, stop func() error) {
	t.Helper()
	c, err := net.ListenPacket(network, addr)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.ServeUDP(ctx, c) }()
	return addrPort(c.LocalAddr()).Port(), sync.OnceValue(func() error {
		cancel()
		return <-done
	})
}

// exchangeWith dials a tracker and returns what it answers to a packet.
func exchangeWith(t *testing.T, c net.Conn, packet []byte) []byte {
	t.Helper()
	_, err := c.Write(packet)
	require.NoError(t, err)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(10*time.Second)))
	answer := make([]byte, 2048)
	n, err := c.Read(answer)
	require.NoError(t, err)
	return answer[:n]
}

// TestServeUDP announces over sockets of both families, some of which are bound to no
// address. A connected socket takes only answers from the address that it sent to.
func TestServeUDP(t *testing.T) {
	for _, test := range []struct{ network, listen, dial string }{
		{"udp4", "127.0.0.1:0", "127.0.0.1"},
		{"udp4", "0.0.0.0:0", "127.0.0.1"},
		{"udp4", "0.0.0.0:0", "127.0.0.2"},
		{"udp6", "[::1]:0", "::1"},
		{"udp", "[::]:0", "127.0.0.1"},
		{"udp", "[::]:0", "127.0.0.2"},
		{"udp", "[::]:0", "::1"},
	} {
		t.Run(test.network+" "+test.listen+" "+test.dial, func(t *testing.T) {
			to := netip.MustParseAddr(test.dial)
			if to.Is6() && !hasIPv6() {
				t.Skip("this machine has no IPv6")
			}
			s := New(Config{})
			port, stop := serveUDP(t, s, test.network, test.listen)
			defer stop()
			c, err := net.Dial("udp", netip.AddrPortFrom(to, port).String())
			require.NoError(t, err)
			defer c.Close()
			id := binary.BigEndian.Uint64(exchangeWith(t, c, requestPacket(protocolID, actionConnect))[8:])
			require.Len(t, exchangeWith(t, c, announcePacket{peer: 1, left: 1, want: -1}.bytes(id)), 20)
			size := 26
			if to.Is6() {
				size = 38
			}
			require.Len(t, exchangeWith(t, c, announcePacket{peer: 2, left: 1, want: -1}.bytes(id)), size)
			require.NoError(t, stop())
			require.Equal(t, UDPStats{Connects: 1, Announces: 2}, s.Stats().UDP)
			require.Equal(t, 2, s.Stats().Peers)
		})
	}
}

func hasIPv6() bool {
	c, err := net.ListenPacket("udp6", "[::1]:0")
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// TestServeUDPManyAtOnce sends more packets than a batch holds before it reads answers. Those
// that are too long, and short ones among them, get none.
func TestServeUDPManyAtOnce(t *testing.T) {
	const senders, each = 8, 50 // the socket's buffer has room for one round of all
	s := New(Config{})
	port, stop := serveUDP(t, s, "udp4", "127.0.0.1:0")
	var running sync.WaitGroup
	for range senders {
		running.Go(func() {
			c, err := net.Dial("udp4", netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port).String())
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			packets := [][]byte{requestPacket(protocolID, actionConnect), make([]byte, 5), make([]byte, maxRequest+1), requestPacket(protocolID, actionConnect)}
			c.SetReadDeadline(time.Now().Add(10 * time.Second))
			for range each {
				for _, p := range packets {
					c.Write(p)
				}
				for range 2 {
					n, err := c.Read(make([]byte, 2048))
					if n != 16 || err != nil {
						t.Errorf("%d bytes, %v", n, err)
						return
					}
				}
			}
		})
	}
	running.Wait()
	require.NoError(t, stop())
	require.Equal(t, UDPStats{Connects: 2 * senders * each, Ignored: 2 * senders * each}, s.Stats().UDP)
}

// TestServeUDPEnds checks what ServeUDP returns, and that it closes the socket.
func TestServeUDPEnds(t *testing.T) {
	s := New(Config{})
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.NoError(t, s.ServeUDP(ctx, c))
	_, err = c.WriteTo([]byte("x"), c.LocalAddr())
	require.ErrorIs(t, err, net.ErrClosed)
	require.ErrorIs(t, s.ServeUDP(context.Background(), c), net.ErrClosed)
}

// A fakeSocket is a net.PacketConn whose packets a test sends.
type fakeSocket struct {
	net.PacketConn // nil
	in             chan fakePacket
	out            chan fakePacket
	closed         chan struct{}
	once           sync.Once
}

type fakePacket struct {
	b    []byte
	addr net.Addr
	err  error
}

func newFakeSocket() *fakeSocket {
	return &fakeSocket{in: make(chan fakePacket), out: make(chan fakePacket, 1), closed: make(chan struct{})}
}

func (f *fakeSocket) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case p := <-f.in:
		return copy(b, p.b), p.addr, p.err
	case <-f.closed:
		return 0, nil, net.ErrClosed
	}
}

func (f *fakeSocket) WriteTo(b []byte, a net.Addr) (int, error) {
	f.out <- fakePacket{b: append([]byte(nil), b...), addr: a}
	return len(b), nil
}

func (f *fakeSocket) Close() error {
	f.once.Do(func() { close(f.closed) })
	return nil
}

// TestServeUDPOtherSockets serves a socket that is not of package net. Reads that fail are
// tried again, unless all do.
func TestServeUDPOtherSockets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, f := New(Config{}), newFakeSocket()
		done := make(chan error, 1)
		go func() { done <- s.ServeUDP(t.Context(), f) }()
		from := net.UDPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.1:1"))
		broken := fakePacket{err: os.ErrPermission}
		for range 100 {
			f.in <- broken
			f.in <- fakePacket{b: requestPacket(protocolID, actionConnect), addr: from}
			p := <-f.out
			require.Len(t, p.b, 16)
			require.Equal(t, from, p.addr)
		}
		f.in <- fakePacket{b: requestPacket(protocolID, actionConnect), addr: &net.UnixAddr{}}
		for ended := false; !ended; {
			select {
			case f.in <- broken:
			case err := <-done:
				require.True(t, errors.Is(err, os.ErrPermission), err)
				ended = true
			}
		}
		require.Equal(t, UDPStats{Connects: 100, Ignored: 1}, s.Stats().UDP)
	})
}
