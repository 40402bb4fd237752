package dht

import (
	"net"
	"net/netip"
)

// A udpConn reads and writes without making an address each time, as *net.UDPConn does.
type udpConn interface {
	ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error)
}

// receive reads a datagram. An address that is none of IP is the zero AddrPort.
func receive(c net.PacketConn, b []byte) (int, netip.AddrPort, error) {
	u, ok := c.(udpConn)
	if ok {
		return u.ReadFromUDPAddrPort(b)
	}
	n, from, err := c.ReadFrom(b)
	return n, addrPortOf(from), err
}

// send writes a datagram. That it could not be sent is like its loss.
func send(c net.PacketConn, b []byte, to netip.AddrPort) {
	u, ok := c.(udpConn)
	if ok {
		u.WriteToUDPAddrPort(b, to)
		return
	}
	c.WriteTo(b, net.UDPAddrFromAddrPort(to))
}

func addrPortOf(a net.Addr) netip.AddrPort {
	u, ok := a.(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	return u.AddrPort()
}
