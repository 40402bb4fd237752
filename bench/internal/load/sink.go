package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
)

// A Sink is a leecher that throws away what it gets: the partner of a seeder.
// Blocks are dealt out to its connections one after the other.
type Sink struct {
	Torrent Torrent
	Addr    string // of the seeder
	Conns   int
	Depth   int   // requests that each connection has under way
	Bytes   int64 // to take over all connections
	Random  bool  // pieces in random order
	Wait    bool  // for the seeder's handshake before interest is sent; else aria2 bans us

	conns []*drain
	order []int // of pieces, if Random
	dealt atomic.Int64
}

// A drain is one connection of a Sink.
type drain struct {
	sink  *Sink
	c     net.Conn
	r     *bufio.Reader
	asked int // blocks under way
	over  bool
	out   []byte
}

// Connect makes the connections and waits until all are unchoked. They are closed
// when ctx is done, or by Close.
func (s *Sink) Connect(ctx context.Context) error {
	if s.Random {
		s.order = rand.Perm(int(s.Torrent.Length / s.Torrent.PieceLength))
	}
	s.conns = make([]*drain, s.Conns)
	slots := make(chan struct{}, dialing)
	return each(s.Conns, func(i int) error {
		slots <- struct{}{}
		defer func() { <-slots }()
		var dialer net.Dialer
		c, err := dialer.DialContext(ctx, "tcp", s.Addr)
		if err != nil {
			return err
		}
		context.AfterFunc(ctx, func() { c.Close() })
		d := &drain{sink: s, c: c, r: bufio.NewReaderSize(c, sinkBuffer)}
		s.conns[i] = d
		if s.Wait {
			err = shakeHandsSlowly(c, d.r, s.Torrent.ID, "XS0001")
		} else {
			err = shakeHands(c, d.r, s.Torrent.ID, "XS0001")
		}
		if err != nil {
			return fmt.Errorf("connection %d: %w", i, err)
		}
		return d.unchoked()
	})
}

// Close closes the connections.
func (s *Sink) Close() {
	for _, d := range s.conns {
		if d != nil {
			d.c.Close()
		}
	}
}

// Take downloads, and returns when all has come.
func (s *Sink) Take() error {
	return each(len(s.conns), func(i int) error { return s.conns[i].take() })
}

// deal returns where the next block to ask for is.
func (s *Sink) deal() (off int64, ok bool) {
	off = (s.dealt.Add(1) - 1) * blockLen
	if off >= s.Bytes {
		return 0, false
	}
	off %= s.Torrent.Length
	if s.order != nil {
		off = int64(s.order[off/s.Torrent.PieceLength])*s.Torrent.PieceLength + off%s.Torrent.PieceLength
	}
	return off, true
}

// unchoked waits for the permission to ask.
func (d *drain) unchoked() error {
	for {
		kind, rest, err := next(d.r)
		if err != nil {
			return err
		}
		if _, err := d.r.Discard(rest); err != nil {
			return err
		}
		if kind == unchoke {
			return nil
		}
	}
}

// take asks and throws away until there is nothing to ask for.
func (d *drain) take() error {
	for {
		if err := d.ask(); err != nil {
			return err
		}
		if d.asked == 0 {
			return nil
		}
		for low := d.sink.Depth / 2; d.asked > 0 && (d.asked > low || d.over); {
			kind, rest, err := next(d.r)
			if err != nil {
				return err
			}
			switch kind {
			case choke:
				return errors.New("the seeder choked us")
			case piece:
				d.asked--
			}
			if _, err := d.r.Discard(rest); err != nil {
				return err
			}
		}
	}
}

// ask fills the queue of requests, with one write.
func (d *drain) ask() error {
	d.out = d.out[:0]
	for !d.over && d.asked < d.sink.Depth {
		off, ok := d.sink.deal()
		if !ok {
			d.over = true
			break
		}
		d.out = appendRequest(d.out, d.sink.Torrent, off)
		d.asked++
	}
	if len(d.out) == 0 {
		return nil
	}
	_, err := d.c.Write(d.out)
	return err
}

// each calls f for 0 to n-1 at once, and returns the first error.
func each(n int, f func(i int) error) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = f(i) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
