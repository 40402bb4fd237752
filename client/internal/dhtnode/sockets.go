package dhtnode

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// listen opens the sockets of the node: at the addresses and ports at which the client accepts
// peers, or else at any port. It needs one of the two families.
func (s *Source) listen() (conn4, conn6 net.PacketConn, err error) {
	at4, at6 := addresses(s.config.Addrs())
	var err4, err6 error
	if at4.IsValid() {
		conn4, err4 = s.open("udp4", at4)
	}
	if at6.IsValid() {
		conn6, err6 = s.open("udp6", at6)
	}
	if conn4 == nil && conn6 == nil {
		return nil, nil, fmt.Errorf("the DHT cannot open a UDP socket: %w", errors.Join(err4, err6))
	}
	return conn4, conn6, nil
}

// addresses returns at which address of each family to listen; the zero AddrPort for none. A
// listener for all addresses of IPv6 takes connections over IPv4, too.
func addresses(all []netip.AddrPort) (at4, at6 netip.AddrPort) {
	if len(all) == 0 {
		all = []netip.AddrPort{netip.AddrPortFrom(netip.IPv6Unspecified(), 0)}
	}
	for _, a := range all {
		addr := a.Addr().Unmap()
		is4 := addr.Is4() || addr == netip.IPv6Unspecified()
		if is4 && !at4.IsValid() {
			at4 = netip.AddrPortFrom(addr, a.Port())
			if addr.Is6() {
				at4 = netip.AddrPortFrom(netip.IPv4Unspecified(), a.Port())
			}
		}
		if addr.Is6() && !at6.IsValid() {
			at6 = netip.AddrPortFrom(addr, a.Port())
		}
	}
	return at4, at6
}

// open opens one socket. If another program has the port, it takes any: a node is found at
// every port.
func (s *Source) open(network string, at netip.AddrPort) (net.PacketConn, error) {
	conn, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(at))
	if err != nil && at.Port() != 0 {
		s.warn(&PortError{at, err})
		conn, err = net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(at.Addr(), 0)))
	}
	if err != nil {
		return nil, err // and no interface that holds a nil pointer
	}
	s.conns = append(s.conns, conn)
	return conn, nil
}

// closeConns closes the sockets that are ours. The caller holds mu.
func (s *Source) closeConns() {
	for _, c := range s.conns {
		c.Close()
	}
	s.conns = nil
}
