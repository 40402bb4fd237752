package attack

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
)

const (
	silentPeers = 80                // that the program accepts for one torrent
	silentLimit = 120 * time.Second // a newcomer that is not served by then is not served
)

// A silent attack takes every place of a torrent with peers that say "interested" and
// nothing else.
type silent struct {
	seed   bool // against seed; else get
	spread bool // each from a network of its own
}

// run measures the time until an honest peer that comes later is served.
func (a silent) run(ctx context.Context, s *Setting, attackers bool) (outcome, error) {
	t, err := s.torrent(ctx, 16<<20)
	if err != nil {
		return outcome{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if a.seed {
		return a.againstSeed(ctx, s, t, attackers)
	}
	return a.againstGet(ctx, s, t, attackers)
}

func (a silent) againstSeed(ctx context.Context, s *Setting, t torrent, attackers bool) (o outcome, err error) {
	p, addr, err := s.seed(ctx, []torrent{t})
	if err != nil {
		return o, err
	}
	defer p.kill()
	w := new(group)
	if attackers {
		w = a.start(ctx, s, addr, t)
		defer w.stop()
	}
	began := time.Now()
	waiting, cancel := context.WithTimeout(ctx, min(s.Limit, silentLimit))
	defer cancel()
	takeFrom(waiting, s.honest(0), addr, t, pieceLength)
	o.figure, o.ended = time.Since(began).Seconds(), w.ended()
	return o, nil
}

func (a silent) againstGet(ctx context.Context, s *Setting, t torrent, attackers bool) (o outcome, err error) {
	dir, err := os.MkdirTemp(s.Dir, "get-")
	if err != nil {
		return o, err
	}
	defer os.RemoveAll(dir)
	// The honest seed is not there when the program tries it first.
	l, err := listen(s.honest(0))
	if err != nil {
		return o, err
	}
	seed := l.Addr().String()
	l.Close()
	p, addr, err := s.get(ctx, t, dir, "--peer", seed)
	if err != nil {
		return o, err
	}
	defer p.kill()
	w := new(group)
	if attackers {
		w = a.start(ctx, s, addr, t)
		defer w.stop()
	}
	l, err = net.Listen("tcp", seed)
	if err != nil {
		return o, err
	}
	defer l.Close()
	began := time.Now()
	waiting, cancel := context.WithTimeout(ctx, min(s.Limit, silentLimit))
	defer cancel()
	go serveAll(waiting, l, t)
	_, err = p.await(waiting, "completed")
	if waiting.Err() != nil {
		err = nil // the program has not reached the seed, and the figure says so
	}
	o.figure, o.ended = time.Since(began).Seconds(), w.ended()
	return o, err
}

// serveAll is an honest seed for everybody who dials, until the listener is closed.
func serveAll(ctx context.Context, l net.Listener, t torrent) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			f, err := os.Open(t.path)
			if err != nil {
				c.Close()
				return
			}
			defer f.Close()
			serveOne(ctx, c, t, f)
		}()
	}
}

// serveOne is an honest seed for a peer that dialed.
func serveOne(ctx context.Context, c net.Conn, t torrent, content io.ReaderAt) {
	p, err := accept(ctx, c, t, newID("-qB4620-"))
	if err != nil {
		return
	}
	defer p.Close()
	p.serve(content, func() bool { return true })
}

// start makes the connections, and returns when each of them has been tried. Connections
// that the program ends are made again.
func (a silent) start(ctx context.Context, s *Setting, to netip.AddrPort, t torrent) *group {
	ctx, cancel := context.WithCancel(ctx)
	w := &group{cancel: cancel}
	var tried sync.WaitGroup
	for i := range silentPeers {
		from := s.attacker()
		if a.spread {
			from = s.network(i)
		}
		tried.Add(1)
		w.all.Go(func() { w.wait(ctx, from, to, t, sync.OnceFunc(tried.Done)) })
	}
	tried.Wait()
	return w
}

// wait is interested on one connection after the other until ctx is done.
func (w *group) wait(ctx context.Context, from netip.Addr, to netip.AddrPort, t torrent, tried func()) {
	defer tried()
	for ctx.Err() == nil {
		p, err := connect(ctx, from, to, t, newID("-XX0001-"))
		if err == nil {
			p.Writer.Write(peerwire.Message{Kind: peerwire.HaveNone}, peerwire.Message{Kind: peerwire.Interested})
			tried()
			p.drain()
			p.Close()
			if ctx.Err() == nil {
				w.lost.Add(1)
			}
		}
		tried()
		pause(ctx, redial)
	}
}
