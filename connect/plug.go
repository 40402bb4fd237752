package connect

import (
	"context"
	"errors"
	"net"
	"net/netip"
)

// A Dialer connects to peers. A *net.Dialer is one.
type Dialer interface {
	// DialContext connects to address, an IP address and port, on network "tcp". It
	// gives up when ctx is done. Afterwards ctx has no effect on the connection.
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// A Secure wraps connections before the handshake, as message stream encryption does, such as an
// Encryption of Shoal's module mse. IDs of swarms are plain arrays, so that it need not import
// swarm. It must be comparable. The connection that it returns owns the one that it was given, and
// has no deadline. After an error the caller closes the one that it gave.
type Secure interface {
	// Mark returns what an initiator shows instead of a swarm's ID.
	Mark(id [20]byte) [20]byte

	// Initiate secures a connection that we dialed, until ctx is done. It sends first,
	// the beginning of what we have to say, so that this takes no round trip of its own.
	Initiate(ctx context.Context, c net.Conn, id [20]byte, first []byte) (net.Conn, error)

	// Begins reports whether an accepted connection that begins with first, StartLen
	// bytes which are no plain handshake, may be its own.
	Begins(first []byte) bool

	// Accept secures an accepted connection, until ctx is done. c still has the bytes
	// that Begins saw. find returns the swarm with a Mark, if we take part in it.
	Accept(ctx context.Context, c net.Conn, find func(mark [20]byte) (id [20]byte, ok bool)) (net.Conn, error)
}

// errNoLocal says that TCP.Local has no address with which a peer can be reached.
var errNoLocal = errors.New("there is no local address of the peer's kind; add one, IPv4 or IPv6")

// TCP dials by TCP. The zero TCP lets the system choose the local address.
type TCP struct {
	// Local are the local addresses that connections are bound to, at most one of IPv4
	// and one of IPv6. If there are any, a peer of a kind that is missing is not dialed.
	Local []netip.Addr
}

// DialContext connects to an IP address and port.
func (t TCP) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	if len(t.Local) > 0 {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return nil, err
		}
		local, err := t.localFor(to.Addr())
		if err != nil {
			return nil, err
		}
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(local, 0))
	}
	return d.DialContext(ctx, network, address)
}

// localFor returns the local address from which to dial to.
func (t TCP) localFor(to netip.Addr) (netip.Addr, error) {
	for _, local := range t.Local {
		if local.Unmap().Is4() == to.Unmap().Is4() {
			return local.Unmap(), nil
		}
	}
	return netip.Addr{}, errNoLocal
}

// AddrPort returns the IP address and port of a socket address; the zero AddrPort if it has
// none. An IPv4 address is never returned in its IPv6 form.
func AddrPort(a net.Addr) netip.AddrPort {
	var ap netip.AddrPort
	switch a := a.(type) {
	case nil:
	case interface{ AddrPort() netip.AddrPort }: // such as *net.TCPAddr
		ap = a.AddrPort()
	default:
		ap, _ = netip.ParseAddrPort(a.String())
	}
	return unmap(ap)
}

// Bound returns the IPv4 and the IPv6 address that listeners are bound to; zero for a family
// without a listener, or if one listens on all addresses.
func Bound(listeners []net.Listener) (v4, v6 netip.Addr) {
	for _, l := range listeners {
		a := AddrPort(l.Addr()).Addr()
		switch {
		case a.IsUnspecified():
		case a.Is4():
			v4 = a
		default:
			v6 = a
		}
	}
	return v4, v6
}

// unmap returns an address in the one form by which it is filtered and compared.
func unmap(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }
