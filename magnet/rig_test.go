package magnet

import (
	"context"
	"crypto/sha1"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

const trip = 50 * time.Millisecond // one way

// randomInfo returns size bytes that stand for an info dictionary.
func randomInfo(size int) []byte {
	random := rand.NewChaCha8([32]byte{byte(size)})
	info := make([]byte, size)
	random.Read(info)
	return info
}

// spoiled returns info with a wrong byte in the middle.
func spoiled(info []byte) []byte {
	wrong := append([]byte(nil), info...)
	wrong[len(wrong)/2] ^= 1
	return wrong
}

// A network dials peers that are functions.
type network struct {
	peers map[string]remote
	mu    sync.Mutex
	dials map[string]int
	done  sync.WaitGroup
}

// A remote is a peer that listens, a while away.
type remote struct {
	delay time.Duration // one way
	serve func(c net.Conn)
}

func (n *network) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	if n.dials == nil {
		n.dials = make(map[string]int)
	}
	n.dials[address]++
	n.mu.Unlock()
	p, ok := n.peers[address]
	select {
	case <-time.After(2 * p.delay):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if !ok {
		return nil, errors.New("nobody listens")
	}
	ours, theirs := delayed(p.delay, netip.MustParseAddrPort(address))
	n.done.Go(func() {
		defer theirs.Close()
		p.serve(theirs)
	})
	return ours, nil
}

// delayed returns both ends of a connection on which bytes take a while. The first end is
// connected to addr.
func delayed(delay time.Duration, addr netip.AddrPort) (net.Conn, net.Conn) {
	ours, near := net.Pipe()
	far, theirs := net.Pipe()
	go carry(delay, near, far)
	go carry(delay, far, near)
	return addrConn{ours, addr}, addrConn{theirs, addr}
}

// carry takes bytes from one end to the other until one of them is closed.
func carry(delay time.Duration, from, to net.Conn) {
	type packet struct {
		b  []byte
		at time.Time
	}
	packets := make(chan packet, 10_000)
	go func() {
		defer close(packets)
		for {
			b := make([]byte, 32<<10)
			n, err := from.Read(b)
			if err != nil {
				return
			}
			packets <- packet{b[:n], time.Now().Add(delay)}
		}
	}()
	for p := range packets {
		time.Sleep(time.Until(p.at))
		_, err := to.Write(p.b)
		if err != nil {
			break
		}
	}
	from.Close()
	to.Close()
	for range packets {
	}
}

// An addrConn is an end of a connection to a peer with an address, or that peer's own end.
type addrConn struct {
	net.Conn
	addr netip.AddrPort
}

func (c addrConn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.addr) }

// A seeder serves metadata.
type seeder struct {
	info  []byte
	size  int           // metadata_size; 0 for that of info, negative for none
	wait  time.Duration // before each answer
	first []peerwire.Message
	more  []peerwire.Message // after the first answer
	mute  bool
	bits  []handshake.Bit // of its handshake, beside those of all seeders

	mu     sync.Mutex
	got    []peerwire.Message  // Data is a copy
	theirs handshake.Handshake // of the fetch
}

// messages returns what the seeder got.
func (s *seeder) messages() []peerwire.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]peerwire.Message(nil), s.got...)
}

// serve shakes hands and then answers until the connection is closed.
func (s *seeder) serve(c net.Conn) {
	_, err := handshake.Accept(context.Background(), c, func(theirs handshake.Handshake) (handshake.Handshake, error) {
		s.mu.Lock()
		s.theirs = theirs
		s.mu.Unlock()
		ours := handshake.Handshake{Reserved: handshake.Bits(handshake.Fast, handshake.Extended).With(s.bits...)}
		copy(ours.PeerID[:], c.RemoteAddr().String()) // its own
		return ours, nil
	}, handshake.Options{})
	if err == nil {
		s.talk(c)
	}
}

// talk speaks the protocol after the handshake.
func (s *seeder) talk(c net.Conn) {
	hello := peerwire.ExtendedHandshake{M: peerwire.Extensions{peerwire.MetadataName: 7}, MetadataSize: len(s.info), P: 7777}
	if s.size != 0 {
		hello.MetadataSize = max(s.size, 0)
	}
	w := peerwire.NewWriter(c)
	w.Append(peerwire.Message{Kind: peerwire.Extended, Data: hello.AppendTo(nil)})
	if w.Write(s.first...) != nil {
		return
	}
	var number uint8
	more := s.more
	r := peerwire.NewReader(c, peerwire.Limits{Fast: true})
	for {
		m, err := r.Next()
		if err != nil {
			return
		}
		m.Data = append([]byte(nil), m.Data...)
		s.mu.Lock()
		s.got = append(s.got, m)
		s.mu.Unlock()
		if m.Kind != peerwire.Extended {
			continue
		}
		if m.ExtID == 0 {
			theirs, _ := peerwire.ParseExtendedHandshake(m.Data)
			number = theirs.M[peerwire.MetadataName]
			continue
		}
		ask, err := peerwire.ParseMetadata(m.Data)
		if err != nil || ask.Type != peerwire.MetadataRequest || s.mute {
			continue
		}
		time.Sleep(s.wait)
		begin := ask.Piece * peerwire.MetadataPieceLen
		answer := peerwire.MetadataMessage{Type: peerwire.MetadataData, Piece: ask.Piece, TotalSize: len(s.info),
			Data: s.info[begin:min(begin+peerwire.MetadataPieceLen, len(s.info))]}
		w.Append(peerwire.Message{Kind: peerwire.Extended, ExtID: number, Data: answer.AppendTo(nil)})
		if w.Write(more...) != nil {
			return
		}
		more = nil
	}
}

// at returns a peer's address as the user types it.
func at(addr string) swarm.Address { return swarm.Address{AddrPort: netip.MustParseAddrPort(addr)} }

// options returns Options for info, with peers that dialer reaches.
func options(info []byte, dialer connect.Dialer, peers ...string) Options {
	o := Options{
		HashV1:    sha1.Sum(info),
		PeerID:    swarm.PeerID{'u', 's'},
		Port:      1,
		UserAgent: "test",
		Connector: connect.New(connect.Options{Dialers: []connect.Dialer{dialer}}),
	}
	for _, p := range peers {
		o.Peers = append(o.Peers, at(p))
	}
	return o
}

// closeAll closes a Result, and waits until the other ends of its connections have ended.
func closeAll(r *Result) {
	r.Close()
	time.Sleep(5 * time.Minute)
}

// replayed returns the messages of a connection's replay.
func replayed(t *testing.T, c *connect.Conn) (all []peerwire.Message) {
	b := c.Replay
	d := peerwire.NewDecoder(peerwire.Limits{Fast: true})
	for len(b) > 0 {
		m, n, _, err := d.Decode(b)
		require.NoError(t, err)
		require.NotZero(t, n)
		all = append(all, m)
		b = b[n:]
	}
	return all
}

// discard reads a connection until it is closed.
func discard(c net.Conn) { io.Copy(io.Discard, c) }
