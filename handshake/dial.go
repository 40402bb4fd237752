package handshake

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// A Dialer connects to peers. A *net.Dialer is one.
type Dialer interface {
	// DialContext connects to address on the network "tcp". It gives up when
	// ctx is done.
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// Dial connects to a peer and carries out Initiate. The filters are asked about
// address before anything is sent to it, if it is an IP address and port. The
// connection is the caller's to close; after an error it is closed already.
func Dial(ctx context.Context, d Dialer, address string, ours Handshake, o Options) (net.Conn, Handshake, error) {
	ours.Protocol = ours.protocol()
	// A host name is no AddrPort: the filters see where it led to in Initiate.
	ap, _ := netip.ParseAddrPort(address)
	seen := Candidate{Addr: netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), Known: Name | InfoHash, Handshake: knownBeforeDial(ours)}
	if o.Filters.Decide(seen) == Block {
		return nil, Handshake{}, fmt.Errorf("handshake: %s: %w", address, ErrBlocked)
	}
	c, err := connect(ctx, d, address, resolveTimeout(o.ConnectTimeout))
	if err != nil {
		return nil, Handshake{}, fmt.Errorf("handshake: %w", err)
	}
	theirs, err := Initiate(ctx, c, ours, o)
	if err != nil {
		return nil, Handshake{}, errors.Join(err, c.Close())
	}
	return c, theirs, nil
}

// connect dials address within timeout, or without limit if that is 0.
func connect(ctx context.Context, d Dialer, address string, timeout time.Duration) (net.Conn, error) {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	return d.DialContext(ctx, "tcp", address)
}
