package udpmux

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"
)

// A fakeSocket is a socket without a network. Run it in a bubble of synctest.
type fakeSocket struct {
	in     chan fakePacket
	closed chan struct{}

	mu   sync.Mutex
	sent []string
}

type fakePacket struct {
	text string
	err  error
}

func newFakeSocket() *fakeSocket {
	return &fakeSocket{in: make(chan fakePacket), closed: make(chan struct{})}
}

// deliver has datagrams arrive, when the reader is there.
func (s *fakeSocket) deliver(texts ...string) {
	for _, t := range texts {
		s.in <- fakePacket{text: t}
	}
}

// fail has the next reads fail.
func (s *fakeSocket) fail(err error, times int) {
	for range times {
		s.in <- fakePacket{err: err}
	}
}

var somebody = netip.MustParseAddrPort("192.0.2.7:6881")

func (s *fakeSocket) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case p := <-s.in:
		return copy(b, p.text), net.UDPAddrFromAddrPort(somebody), p.err
	case <-s.closed:
		return 0, nil, net.ErrClosed
	}
}

func (s *fakeSocket) WriteTo(b []byte, to net.Addr) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, string(b)+" to "+to.String())
	return len(b), nil
}

func (s *fakeSocket) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.sent
	s.sent = nil
	return all
}

func (s *fakeSocket) Close() error {
	close(s.closed)
	return os.ErrPermission // which must come back
}

func (s *fakeSocket) LocalAddr() net.Addr              { return net.UDPAddrFromAddrPort(somebody) }
func (s *fakeSocket) SetDeadline(time.Time) error      { panic("a deadline is the user's alone") }
func (s *fakeSocket) SetReadDeadline(time.Time) error  { panic("a deadline is the user's alone") }
func (s *fakeSocket) SetWriteDeadline(time.Time) error { panic("a deadline is the user's alone") }

// begins returns a claim for what begins with a letter.
func begins(letters string) Claim {
	return func(b []byte) bool { return len(b) > 0 && slices.Contains([]byte(letters), b[0]) }
}
