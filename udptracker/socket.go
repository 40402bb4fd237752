package udptracker

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A socket is a socket and what is under way on it. It is opened when the first call
// begins and read by one goroutine while there are calls.
type socket struct {
	conn4or6 net.PacketConn // the caller's; nil if listen opens one
	listen   func(context.Context) (net.PacketConn, error)
	stopping atomic.Bool // the reader is to end

	life struct {
		sync.Mutex // held while the reader ends, so taken before the other one

		conn   net.PacketConn // nil while closed
		users  int            // calls under way
		done   chan struct{}  // closed when the reader has ended
		linger *time.Timer    // closes the socket that nobody uses; nil if it is not ours
		closed bool           // for good
	}

	mu          sync.Mutex // guards what follows; not held during I/O
	failure     error      // why the reader ended early, or ErrClosed
	waiting     map[uint32]*transaction
	connections map[netip.AddrPort]*connection
	ignored     int  // packets that were no answers, ever
	flooded     bool // a call saw too many of them
}

// A transaction is a packet whose answer may come.
type transaction struct {
	to            netip.AddrPort
	action        uint32
	ignoredBefore int        // socket.ignored when the call began
	ownBefore     int        // connection.ignored of the tracker when this was sent
	replies       chan reply // of the call
}

// A reply is the answer to a transaction, or why there will be none.
type reply struct {
	of     *transaction
	action uint32
	body   []byte // after the header
	err    error
}

func newSocket(c net.PacketConn, listen func(context.Context) (net.PacketConn, error)) *socket {
	return &socket{
		conn4or6:    c,
		listen:      listen,
		waiting:     make(map[uint32]*transaction),
		connections: make(map[netip.AddrPort]*connection),
	}
}

// acquire opens the socket if necessary and has it read until release.
func (s *socket) acquire(ctx context.Context) error {
	s.life.Lock()
	defer s.life.Unlock()
	if s.life.closed {
		return ErrClosed
	}
	if s.life.conn == nil {
		conn, err := s.conn4or6, error(nil)
		if conn == nil {
			conn, err = s.listen(ctx)
		}
		if err != nil {
			return err
		}
		s.life.conn = conn
	}
	s.life.users++
	if s.life.users > 1 {
		return nil
	}
	if s.life.linger != nil {
		s.life.linger.Stop()
	}
	s.mu.Lock()
	s.failure, s.flooded = nil, false
	s.mu.Unlock()
	s.stopping.Store(false)
	s.life.conn.SetReadDeadline(time.Time{})
	s.life.done = make(chan struct{})
	go s.read(s.life.conn, s.life.done)
	return nil
}

// release ends a call. After the last one the reader ends, and a socket of ours is closed
// a minute later, so that calls that follow soon use the same connection ids.
func (s *socket) release() {
	s.life.Lock()
	defer s.life.Unlock()
	s.life.users--
	if s.life.users > 0 {
		return
	}
	s.stopping.Store(true)
	s.life.conn.SetReadDeadline(time.Unix(1, 0))
	<-s.life.done
	s.mu.Lock()
	isSpent := s.failure != nil || s.flooded
	s.mu.Unlock()
	switch {
	case s.conn4or6 != nil:
	case isSpent || s.life.closed:
		s.shut()
	case s.life.linger == nil:
		s.life.linger = time.AfterFunc(lingerTime, s.closeUnused)
	default:
		s.life.linger.Reset(lingerTime)
	}
}

// closeUnused closes the socket unless a call uses it.
func (s *socket) closeUnused() {
	s.life.Lock()
	defer s.life.Unlock()
	if s.life.users == 0 && s.life.conn != nil {
		s.shut()
	}
}

// shut closes a socket of ours. Trackers bind connection ids to our port, which the next
// socket will not have. The caller holds life.
func (s *socket) shut() {
	s.life.conn.Close()
	s.life.conn = nil
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.connections)
}

// close ends the calls under way and closes a socket of ours for good.
func (s *socket) close() {
	s.life.Lock()
	defer s.life.Unlock()
	s.life.closed = true
	s.fail(ErrClosed)
	if s.life.linger != nil {
		s.life.linger.Stop()
	}
	if s.conn4or6 == nil && s.life.conn != nil && s.life.users == 0 {
		s.shut()
	}
}

// read hands packets on until release ends it or the socket fails.
func (s *socket) read(conn net.PacketConn, done chan struct{}) {
	defer close(done)
	buf := packetBuffers.Get().(*[maxPacket]byte)
	defer packetBuffers.Put(buf)
	failures := 0
	for {
		n, from, err := conn.ReadFrom(buf[:])
		switch {
		case s.stopping.Load():
			return
		case err == nil:
			failures = 0
			s.dispatch(buf[:n], addrPort(from))
		case errors.Is(err, net.ErrClosed) || failures == maxReadErrors:
			s.fail(err)
			return
		default: // some systems report here that a packet was not delivered
			failures++
		}
	}
}

// maxPacket is the longest packet in bytes.
const maxPacket = 1 << 16

var packetBuffers = sync.Pool{New: func() any { return new([maxPacket]byte) }}

// addrPort returns an address in the form in which addresses are compared.
func addrPort(a net.Addr) netip.AddrPort {
	if u, ok := a.(*net.UDPAddr); ok {
		return canonical(u.AddrPort())
	}
	if a == nil {
		return netip.AddrPort{}
	}
	p, _ := netip.ParseAddrPort(a.String()) // the zero value is nobody's address
	return canonical(p)
}

func canonical(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// dispatch hands a packet to the call that it answers. A packet is an answer if it comes
// from the address that was asked, with the transaction id and the action that were sent,
// and is long enough: https://www.bittorrent.org/beps/bep_0015.html#connect. Of several
// the first counts.
func (s *socket) dispatch(b []byte, from netip.AddrPort) {
	s.mu.Lock()
	defer s.mu.Unlock()
	action, id, ok := parseHeader(b)
	t := s.waiting[id]
	if !ok || t == nil || t.to != from || (action != t.action && action != actionError) {
		s.countIgnored(from)
		return
	}
	body := b[headerLength:]
	length, known := minBody(action)
	isEmpty := action == actionAnnounce && len(body) == 0 // see exchange.handle
	if !known || (len(body) < length && !isEmpty) {
		s.countIgnored(from)
		return
	}
	s.finish(id, t, reply{action: action, body: slices.Clone(body)})
}

// countIgnored counts a packet that is no answer. A call whose tracker sends too many of them
// is given up, and so are all if very many come, so that a flood costs nobody much time. One
// tracker does not end the calls to others by that: it would have to send as many while each
// of them waits. A socket of ours is closed after the calls under way, and the next one has
// another port.
func (s *socket) countIgnored(from netip.AddrPort) {
	s.ignored++
	c := s.connections[from]
	if c != nil {
		c.ignored++
	}
	const step = 50 // not every packet costs a look at all calls
	if s.ignored%step != 0 {
		return
	}
	for id, t := range s.waiting {
		all, own := s.ignored-t.ignoredBefore, s.ignoredOf(t.to)-t.ownBefore
		if all >= maxIgnored || own >= maxIgnoredOwn {
			s.flooded = true
			s.finish(id, t, reply{err: &FloodError{Packets: all}})
		}
	}
}

// ignoredOf returns the number of packets of a tracker that were no answers. The caller holds
// mu.
func (s *socket) ignoredOf(tracker netip.AddrPort) int {
	c := s.connections[tracker]
	if c == nil {
		return 0
	}
	return c.ignored
}

// ignoredCount returns the number of packets that were no answers.
func (s *socket) ignoredCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ignored
}

// fail ends all transactions, and those that begin before the socket is opened again.
func (s *socket) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = err
	for id, t := range s.waiting {
		s.finish(id, t, reply{err: err})
	}
}

// failed reports whether no call can succeed until the socket is opened again.
func (s *socket) failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failure != nil
}

// finish ends a transaction. A call has room for one reply to each of its transactions.
// The caller holds mu.
func (s *socket) finish(id uint32, t *transaction, r reply) {
	delete(s.waiting, id)
	r.of = t
	t.replies <- r
}

// begin begins a transaction with an id that cannot be guessed, and that no other one has.
func (s *socket) begin(t *transaction) (id uint32, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure != nil {
		return 0, s.failure
	}
	t.ownBefore = s.ignoredOf(t.to)
	for {
		id = rand.Uint32()
		if s.waiting[id] == nil {
			s.waiting[id] = t
			return id, nil
		}
	}
}

// send sends a packet.
func (s *socket) send(b []byte, to netip.AddrPort) error {
	s.life.Lock()
	conn := s.life.conn
	s.life.Unlock()
	_, err := conn.WriteTo(b, net.UDPAddrFromAddrPort(to))
	return err
}

// forget ends transactions whose call is over. What still comes for them is ignored.
func (s *socket) forget(ids []uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		delete(s.waiting, id)
	}
}
