package lsd

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/shoal-bt/shoal/lsd/discovery"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

const (
	// hops is how far datagrams go: not beyond the link, because nobody is believed who is
	// not on it.
	hops = 1

	sendLimit = 100 * time.Millisecond // if the system has no room for a datagram
)

// udp is the network of this machine.
type udp struct {
	config Config
	port   int
}

func (u udp) links() (all []discovery.Link, err error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	for _, i := range interfaces {
		if !u.config.uses(i) {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue // it has gone meanwhile
		}
		all = append(all, u.config.linksOf(i, addrs)...)
	}
	return all, nil
}

// open opens a socket. Package net shares its port with other programs of this machine,
// because the address is that of a group.
func (u udp) open(is6 bool) (socket, error) {
	network, addr := "udp4", discovery.Group4
	if is6 {
		network, addr = "udp6", discovery.Group6
	}
	c, err := new(net.ListenConfig).ListenPacket(context.Background(), network, net.JoinHostPort(addr, strconv.Itoa(u.port)))
	if err != nil {
		return nil, err
	}
	group := &net.UDPAddr{IP: net.ParseIP(addr), Port: u.port}
	if is6 {
		p := ipv6.NewPacketConn(c)
		p.SetControlMessage(ipv6.FlagDst|ipv6.FlagInterface, true) // some systems cannot
		err = cmp.Or(p.SetMulticastHopLimit(hops), p.SetMulticastLoopback(true))
		if err != nil {
			c.Close()
			return nil, err
		}
		return &socket6{c, p, group}, nil
	}
	p := ipv4.NewPacketConn(c)
	p.SetControlMessage(ipv4.FlagDst|ipv4.FlagInterface, true)
	err = cmp.Or(p.SetMulticastTTL(hops), p.SetMulticastLoopback(true))
	if err != nil {
		c.Close()
		return nil, err
	}
	return &socket4{c, p, group}, nil
}

// interfaceOf returns an interface for the calls of x/net, which look at its index alone.
func interfaceOf(l discovery.Link) *net.Interface {
	return &net.Interface{Index: l.Index, Name: l.Name}
}

// A socket4 is in the group of IPv4.
type socket4 struct {
	conn  net.PacketConn
	p     *ipv4.PacketConn
	group *net.UDPAddr
}

func (s *socket4) join(l discovery.Link) error { return s.p.JoinGroup(interfaceOf(l), s.group) }
func (s *socket4) leave(l discovery.Link)      { s.p.LeaveGroup(interfaceOf(l), s.group) }
func (s *socket4) close()                      { s.conn.Close() }

func (s *socket4) send(d discovery.Datagram) error {
	err := s.p.SetMulticastInterface(interfaceOf(d.Link))
	if err != nil {
		return err
	}
	cm := &ipv4.ControlMessage{IfIndex: d.Link.Index, Src: d.Link.Source.AsSlice()}
	s.conn.SetWriteDeadline(time.Now().Add(sendLimit))
	_, err = s.p.WriteTo(d.Bytes, cm, s.group)
	return err
}

func (s *socket4) receive(b []byte) (n, index int, from netip.AddrPort, err error) {
	for {
		n, cm, addr, err := s.p.ReadFrom(b)
		if err != nil {
			return 0, 0, netip.AddrPort{}, err
		}
		if cm == nil {
			return n, 0, addrPortOf(addr), nil
		}
		if cm.Dst == nil || cm.Dst.Equal(s.group.IP) {
			return n, cm.IfIndex, addrPortOf(addr), nil
		}
	}
}

// A socket6 is in the group of IPv6.
type socket6 struct {
	conn  net.PacketConn
	p     *ipv6.PacketConn
	group *net.UDPAddr
}

func (s *socket6) join(l discovery.Link) error { return s.p.JoinGroup(interfaceOf(l), s.group) }
func (s *socket6) leave(l discovery.Link)      { s.p.LeaveGroup(interfaceOf(l), s.group) }
func (s *socket6) close()                      { s.conn.Close() }

func (s *socket6) send(d discovery.Datagram) error {
	err := s.p.SetMulticastInterface(interfaceOf(d.Link))
	if err != nil {
		return err
	}
	cm := &ipv6.ControlMessage{IfIndex: d.Link.Index, Src: d.Link.Source.AsSlice()}
	s.conn.SetWriteDeadline(time.Now().Add(sendLimit))
	_, err = s.p.WriteTo(d.Bytes, cm, s.group)
	return err
}

func (s *socket6) receive(b []byte) (n, index int, from netip.AddrPort, err error) {
	for {
		n, cm, addr, err := s.p.ReadFrom(b)
		if err != nil {
			return 0, 0, netip.AddrPort{}, err
		}
		if cm == nil {
			return n, 0, addrPortOf(addr), nil
		}
		if cm.Dst == nil || cm.Dst.Equal(s.group.IP) {
			return n, cm.IfIndex, addrPortOf(addr), nil
		}
	}
}

func addrPortOf(a net.Addr) netip.AddrPort {
	u, ok := a.(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	return u.AddrPort()
}
