package attack

import (
	"context"
	"net"
	"net/netip"
	"sync"

	"github.com/shoal-bt/shoal/peerwire"
)

const (
	stoppedTorrents = 16
	stoppedEach     = 8        // connections to each, as many as the program unchokes
	stoppedSize     = 16 << 20 // bytes of each torrent: more than sockets hold
	stoppedBuffer   = 8 << 10  // bytes that an attacker's socket receives
)

// stoppedReaders measures an upload of a torrent that nobody attacks, while peers of other
// torrents ask for all blocks and read none.
func stoppedReaders(ctx context.Context, s *Setting, attackers bool) (o outcome, err error) {
	all, err := s.torrents(ctx, stoppedSize, 1+s.some(stoppedTorrents))
	if err != nil {
		return o, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p, addr, err := s.seed(ctx, all)
	if err != nil {
		return o, err
	}
	defer p.kill()
	w := new(group)
	if attackers {
		w = s.stopReaders(ctx, addr, all[1:])
	}
	o = measureSeed(ctx, s, p, addr, all[0], 4*stoppedSize)
	o.ended = w.ended()
	cancel()
	w.all.Wait()
	return o, nil
}

// stopReaders makes the connections of the attackers, and returns when each has asked for
// everything and the program has had time to send what sockets hold.
func (s *Setting) stopReaders(ctx context.Context, to netip.AddrPort, all []torrent) *group {
	w := new(group)
	var ready sync.WaitGroup
	for _, t := range all {
		for i := range stoppedEach {
			ready.Add(1)
			w.all.Go(func() { w.stopReading(ctx, s.network(i), to, t, sync.OnceFunc(ready.Done)) })
		}
	}
	ready.Wait()
	pause(ctx, 2*redial)
	return w
}

// stopReading asks for everything as soon as it may, and reads nothing more. It makes the
// connection again when the program ends it.
func (w *group) stopReading(ctx context.Context, from netip.Addr, to netip.AddrPort, t torrent, ready func()) {
	defer ready()
	for ctx.Err() == nil {
		p, err := connect(ctx, from, to, t, newID("-XX0001-"))
		if err == nil {
			p.Conn.(*net.TCPConn).SetReadBuffer(stoppedBuffer)
			p.askForAll(ctx, ready)
			p.Close()
			if ctx.Err() == nil {
				w.lost.Add(1)
			}
		}
		pause(ctx, redial)
	}
}

// askForAll waits until it may request blocks, requests all and returns when the program
// has ended the connection, or ctx is done.
func (p *peer) askForAll(ctx context.Context, asked func()) {
	p.Writer.Write(peerwire.Message{Kind: peerwire.HaveNone}, peerwire.Message{Kind: peerwire.Interested})
	for {
		m, err := p.messages.Next()
		if err != nil {
			return
		}
		if m.Kind == peerwire.Unchoke {
			break
		}
	}
	for i := range p.geometry.Pieces() {
		p.Writer.Append(peerwire.Message{Kind: peerwire.Request, Block: p.block(i)})
	}
	p.Writer.Flush()
	asked()
	// The end of the connection is seen by writing, because nothing is read.
	for pause(ctx, redial) == nil {
		if p.Writer.Write(peerwire.Message{Kind: peerwire.KeepAlive}) != nil {
			return
		}
	}
}
