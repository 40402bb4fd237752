package trackerserver

import (
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// openBatch returns a batch for a socket.
func openBatch(c net.PacketConn) batch {
	u, ok := c.(*net.UDPConn)
	if !ok {
		return &single{conn: c}
	}
	local := addrPort(u.LocalAddr()).Addr()
	b := &messages{in: make([]ipv4.Message, batchSize), out: make([]ipv4.Message, 0, batchSize), is4: local.Is4()}
	if b.is4 {
		b.conn = ipv4.NewPacketConn(u)
	} else {
		b.conn = ipv6.NewPacketConn(u)
	}
	wildcard := local.IsUnspecified() && b.askDestination(u) == nil
	for i := range b.in {
		b.in[i].Buffers = [][]byte{make([]byte, maxRequest+1)}
		if wildcard {
			b.in[i].OOB = make([]byte, 64)
		}
	}
	b.buffers = make([][]byte, batchSize)
	return b
}

// messages is a batch of recvmmsg and sendmmsg.
type messages struct {
	conn interface {
		ReadBatch(ms []ipv4.Message, flags int) (int, error)
		WriteBatch(ms []ipv4.Message, flags int) (int, error)
	}
	is4     bool // the socket is of IPv4
	in, out []ipv4.Message
	buffers [][]byte // of out, one for each
}

// askDestination has the system say with each packet which address it went to.
func (m *messages) askDestination(u *net.UDPConn) error {
	if m.is4 {
		return ipv4.NewPacketConn(u).SetControlMessage(ipv4.FlagDst, true)
	}
	return ipv6.NewPacketConn(u).SetControlMessage(ipv6.FlagDst, true)
}

func (m *messages) read() (int, error) {
	m.out = m.out[:0]
	return m.conn.ReadBatch(m.in, 0)
}

func (m *messages) packet(i int) (netip.AddrPort, []byte) {
	return addrPort(m.in[i].Addr), m.in[i].Buffers[0][:m.in[i].N]
}

func (m *messages) reply(i int, answer []byte) {
	k := len(m.out)
	m.buffers[k] = answer
	in := &m.in[i]
	m.out = append(m.out, ipv4.Message{
		Buffers: m.buffers[k : k+1],
		OOB:     m.source(in.OOB[:in.NN]),
		Addr:    in.Addr,
	})
}

// source turns what the system said of a packet's destination into what it takes as an
// answer's source, which has the same form. It forgets the interface, because the answer
// need not leave by the one that the packet came by.
func (m *messages) source(control []byte) []byte {
	header := syscall.CmsgLen(0)
	switch {
	case m.is4 && len(control) >= header+syscall.SizeofInet4Pktinfo:
		info := control[header:]
		clear(info[:4]) // ipi_ifindex
		local := info[4:8]
		if [4]byte(local) == [4]byte{} {
			// The packet came before we asked for its destination. It is
			// known from its header, and the local address is the same.
			copy(local, info[8:12])
		}
		return control
	case !m.is4 && len(control) >= header+syscall.SizeofInet6Pktinfo:
		clear(control[header+16 : header+20]) // ipi6_ifindex
		return control
	}
	return nil
}

func (m *messages) write() {
	for rest := m.out; len(rest) > 0; {
		n, err := m.conn.WriteBatch(rest, 0)
		if err != nil {
			n = 1 // the first one cannot be sent
		}
		rest = rest[n:]
	}
}
