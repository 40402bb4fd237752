package announce

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/net/ipv4"
)

// idLife is how long a client uses a connection ID.
const idLife = time.Minute

// A udpSender is a socket and its connection ID.
type udpSender struct {
	conn    *net.UDPConn
	batch   *ipv4.PacketConn
	id      uint64
	since   time.Time // when the ID came
	round   uint32    // the first half of the transaction IDs
	out, in []ipv4.Message
}

// dialUDP opens a socket and asks for a connection ID.
func dialUDP(ctx context.Context, from, to netip.AddrPort) (*udpSender, error) {
	d := net.Dialer{LocalAddr: net.UDPAddrFromAddrPort(from)}
	c, err := d.DialContext(ctx, "udp4", to.String())
	if err != nil {
		return nil, err
	}
	s := &udpSender{conn: c.(*net.UDPConn), batch: ipv4.NewPacketConn(c.(*net.UDPConn))}
	if err := s.connect(); err != nil {
		c.Close()
		return nil, err
	}
	return s, nil
}

func (s *udpSender) close() error { return s.conn.Close() }

// connect asks for a connection ID, a few times.
func (s *udpSender) connect() error {
	request := binary.BigEndian.AppendUint64(nil, 0x41727101980)
	request = append(request, 0, 0, 0, 0, 'c', 'o', 'n', 'n')
	var err error
	for range 5 {
		if _, err = s.conn.Write(request); err != nil {
			return err
		}
		s.conn.SetReadDeadline(time.Now().Add(patience))
		answer := make([]byte, 2048)
		var n int
		n, err = s.conn.Read(answer)
		if err == nil && n >= 16 && string(answer[:8]) == "\x00\x00\x00\x00conn" {
			s.id, s.since = binary.BigEndian.Uint64(answer[8:]), time.Now()
			return nil
		}
	}
	return fmt.Errorf("no connection ID from %s: %w", s.conn.RemoteAddr(), err)
}

// exchange implements sender.
func (s *udpSender) exchange(peers []peer) (answers int, err error) {
	if time.Since(s.since) > idLife {
		if err := s.connect(); err != nil {
			return 0, err
		}
	}
	for len(s.out) < len(peers) {
		s.out = append(s.out, ipv4.Message{Buffers: [][]byte{nil}})
		s.in = append(s.in, ipv4.Message{Buffers: [][]byte{make([]byte, 2048)}})
	}
	s.round++
	for i := range peers {
		s.out[i].Buffers[0] = s.appendAnnounce(s.out[i].Buffers[0][:0], &peers[i])
	}
	for rest := s.out[:len(peers)]; len(rest) > 0; {
		n, err := s.batch.WriteBatch(rest, 0)
		if err != nil {
			return 0, err
		}
		rest = rest[n:]
	}
	s.conn.SetReadDeadline(time.Now().Add(patience))
	for answers < len(peers) {
		n, err := s.batch.ReadBatch(s.in[:len(peers)-answers], 0)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return answers, nil
		}
		if err != nil {
			return answers, err
		}
		for _, m := range s.in[:n] {
			b := m.Buffers[0][:m.N]
			if m.N < 20 || binary.BigEndian.Uint32(b) != 1 {
				return answers, fmt.Errorf("the tracker answered %q", b)
			}
			if binary.BigEndian.Uint32(b[4:]) == s.round {
				answers++ // not a late one
			}
		}
	}
	return answers, nil
}

// appendAnnounce appends the announce of a leecher.
func (s *udpSender) appendAnnounce(b []byte, p *peer) []byte {
	b = binary.BigEndian.AppendUint64(b, s.id)
	b = binary.BigEndian.AppendUint32(b, 1)
	b = binary.BigEndian.AppendUint32(b, s.round)
	b = append(append(b, p.swarm[:]...), p.id[:]...)
	for _, n := range []uint64{1 << 20, 1 << 30, 1 << 20} { // downloaded, left, uploaded
		b = binary.BigEndian.AppendUint64(b, n)
	}
	for _, n := range []uint32{0, 0, 12345, 50} { // event, address, key, number of peers
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return binary.BigEndian.AppendUint16(b, p.port)
}
