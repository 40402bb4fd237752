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
	// DialContext connects to address on the network "tcp". It returns an error
	// when ctx is done. Many goroutines may call it at once.
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// Dial connects to a peer and calls Initiate. If address is an IP address and a port,
// it asks the filters before it connects. The caller owns the connection, and closes
// it; after an error there is none.
func Dial(ctx context.Context, d Dialer, address string, ours Handshake, o Options) (net.Conn, Handshake, error) {
	ours.Protocol = ours.protocol()
	// A host name is no AddrPort; the filters see its address in Initiate.
	ap, _ := netip.ParseAddrPort(address)
	candidate := Candidate{
		Addr:      netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()),
		Known:     Name | InfoHash,
		Handshake: knownBeforeDial(ours),
	}
	if o.Filters.Decide(candidate) == Block {
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

// connect dials address within timeout, or without a limit if timeout is 0.
func connect(ctx context.Context, d Dialer, address string, timeout time.Duration) (net.Conn, error) {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	return d.DialContext(ctx, "tcp", address)
}
