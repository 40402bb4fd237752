package connect

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing/synctest"

	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/swarm"
)

var (
	someSwarm = swarm.ID{1}
	us        = handshake.Handshake{InfoHash: someSwarm, PeerID: swarm.PeerID{'u', 's'}, Reserved: handshake.Bits(handshake.Fast, handshake.Extended)}
	them      = handshake.Handshake{InfoHash: someSwarm, PeerID: swarm.PeerID{'p'}, Reserved: handshake.Bits(handshake.Fast)}
	somewhere = netip.MustParseAddrPort("10.0.0.2:1")
)

// to is a request to dial an address.
func to(addr string) Request { return Request{Addr: netip.MustParseAddrPort(addr), Ours: us} }

// dialerFunc is a Dialer.
type dialerFunc func(ctx context.Context, address string) (net.Conn, error)

func (f dialerFunc) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	return f(ctx, address)
}

// piped dials peers that do on their end of a pipe what f does.
func piped(f func(c net.Conn)) dialerFunc {
	return func(context.Context, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go f(theirs)
		return ours, nil
	}
}

// shakesHands is a peer that answers a handshake, or closes the connection.
func shakesHands(c net.Conn) {
	_, err := handshake.Accept(context.Background(), c, func(handshake.Handshake) (handshake.Handshake, error) { return them, nil }, handshake.Options{})
	if err != nil {
		c.Close()
	}
}

// hangs is a Dialer that never connects, and notes what it dialed.
type hangs struct {
	mu    sync.Mutex
	began []string
}

func (h *hangs) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	h.mu.Lock()
	h.began = append(h.began, address)
	h.mu.Unlock()
	<-ctx.Done()
	return nil, ctx.Err()
}

// all waits until all is quiet and returns what was dialed.
func (h *hangs) all() []string {
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.began)
}

// addrConn is a connection with a peer's address.
type addrConn struct {
	net.Conn
	addr netip.AddrPort
}

func (c addrConn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.addr) }
