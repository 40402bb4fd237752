package trackerserver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
)

const (
	// batchSize is how many packets are read or written by one system call.
	batchSize = 64

	// socketBuffer is the size of the socket's buffers, in bytes. The system may
	// allow less.
	socketBuffer = 2 << 20

	// maxReadErrors is how many reads may fail one after another. Some systems
	// report with a read that an earlier answer did not arrive.
	maxReadErrors = 1000
)

// UDPStats count the packets that came over UDP.
type UDPStats struct {
	Connects  uint64 // connect requests, each of which got a connection ID
	Announces uint64 // of senders with a valid connection ID, including refused ones
	Scrapes   uint64 // of senders with a valid connection ID, including refused ones
	Refused   uint64 // of these announces and scrapes
	Unproven  uint64 // announces and scrapes without a valid connection ID, as forged ones are
	Ignored   uint64 // packets that are not a request, such as short ones
}

// A udpCounter is a UDPStats that several goroutines add to.
type udpCounter struct {
	connects, announces, scrapes, refused, unproven, ignored atomic.Uint64
}

func (c *udpCounter) add(s *UDPStats) {
	c.connects.Add(s.Connects)
	c.announces.Add(s.Announces)
	c.scrapes.Add(s.Scrapes)
	c.refused.Add(s.Refused)
	c.unproven.Add(s.Unproven)
	c.ignored.Add(s.Ignored)
}

func (c *udpCounter) stats() UDPStats {
	return UDPStats{
		Connects:  c.connects.Load(),
		Announces: c.announces.Load(),
		Scrapes:   c.scrapes.Load(),
		Refused:   c.refused.Load(),
		Unproven:  c.unproven.Load(),
		Ignored:   c.ignored.Load(),
	}
}

// ServeUDP answers the requests of BEP 15 and 41 that come to c until ctx is done, and
// closes c. It has the same swarms and limits as the other methods of s. It returns nil if
// ctx ended it. It may be called concurrently for several sockets.
//
// A *net.UDPConn is read and written in batches on Linux, and gets buffers of 2 MiB if the
// system allows them. If it is bound to no address, the answer comes from the address that
// the request went to. Calls of the Handler come from as many goroutines as GOMAXPROCS
// says, and while they block, packets are lost.
func (s *Server) ServeUDP(ctx context.Context, c net.PacketConn) error {
	if b, ok := c.(*net.UDPConn); ok {
		b.SetReadBuffer(socketBuffer)  // less is no error
		b.SetWriteBuffer(socketBuffer) // less is no error
	}
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	var running sync.WaitGroup
	errs := make([]error, runtime.GOMAXPROCS(0))
	for i := range errs {
		running.Go(func() {
			errs[i] = s.answerPackets(ctx, openBatch(c))
			c.Close() // the others end too
		})
	}
	running.Wait()
	if ctx.Err() != nil {
		return nil
	}
	for _, err := range errs {
		if !errors.Is(err, net.ErrClosed) {
			return err
		}
	}
	return errs[0]
}

// answerPackets answers packets until the socket is closed.
func (s *Server) answerPackets(ctx context.Context, b batch) error {
	r := newResponder(s)
	out := make([]byte, 0, batchSize*maxAnswer)
	failures := 0
	for {
		n, err := b.read()
		if err != nil {
			failures++
			if errors.Is(err, net.ErrClosed) || failures == maxReadErrors {
				return err
			}
			continue
		}
		failures = 0
		now := s.config.Now()
		out = out[:0]
		for i := range n {
			from, packet := b.packet(i)
			start := len(out)
			out = r.answer(ctx, out, now, from, packet)
			if len(out) > start {
				b.reply(i, out[start:])
			}
		}
		r.flush()
		b.write()
	}
}

// A batch reads packets and writes the answers to them. It belongs to one goroutine;
// several batches may share a socket.
type batch interface {
	// read waits for packets, and returns how many came.
	read() (int, error)

	// packet returns who sent packet i of the last read, and its bytes, which are
	// valid until the next read. Of one that is longer than maxRequest it returns
	// more than maxRequest bytes.
	packet(i int) (netip.AddrPort, []byte)

	// reply queues the answer to packet i. Its bytes must stay until the next read.
	reply(i int, answer []byte)

	// write sends the answers. One that cannot be sent is lost, as any packet may be.
	write()
}

// A single is a batch of one packet, for every kind of socket and system.
type single struct {
	conn   net.PacketConn
	buffer [maxRequest + 1]byte
	n      int
	from   net.Addr
	answer []byte
}

func (s *single) read() (n int, err error) {
	s.answer = nil
	s.n, s.from, err = s.conn.ReadFrom(s.buffer[:])
	if err != nil {
		return 0, err
	}
	return 1, nil
}

func (s *single) packet(int) (netip.AddrPort, []byte) { return addrPort(s.from), s.buffer[:s.n] }

func (s *single) reply(_ int, answer []byte) { s.answer = answer }

func (s *single) write() {
	if s.answer != nil {
		s.conn.WriteTo(s.answer, s.from)
	}
}

// addrPort returns an address of a UDP socket; the zero AddrPort for any other.
func addrPort(a net.Addr) netip.AddrPort {
	if u, ok := a.(*net.UDPAddr); ok {
		return u.AddrPort()
	}
	return netip.AddrPort{}
}
