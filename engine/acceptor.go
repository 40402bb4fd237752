package engine

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/handshake"
)

// acceptor takes incoming connections of all listeners.
type acceptor struct {
	engine *Engine
	ctx    context.Context
	stop   context.CancelFunc
	done   sync.WaitGroup
	slots  chan struct{} // a token for each handshake under way
}

func newAcceptor(e *Engine) *acceptor {
	a := &acceptor{engine: e, slots: make(chan struct{}, e.cfg.HalfOpen)}
	a.ctx, a.stop = context.WithCancel(context.Background())
	for _, l := range e.cfg.Listeners {
		a.done.Go(func() { a.listen(l) })
	}
	return a
}

func (a *acceptor) close() {
	a.stop()
	for _, l := range a.engine.cfg.Listeners {
		l.Close()
	}
	a.done.Wait()
}

// listen accepts until the listener is closed. While too many handshakes are
// under way new connections wait in the system's queue.
func (a *acceptor) listen(l net.Listener) {
	for {
		select {
		case a.slots <- struct{}{}:
		case <-a.ctx.Done():
			return
		}
		c, err := l.Accept()
		if err != nil {
			<-a.slots
			if a.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			// Out of files, most likely: it passes.
			a.engine.cfg.Logger.Warn("accept failed", "err", err)
			a.pause(time.Second)
			continue
		}
		a.done.Go(func() {
			defer func() { <-a.slots }()
			a.welcome(c)
		})
	}
}

func (a *acceptor) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-a.ctx.Done():
	}
}

var errNoTorrent = errors.New("no such torrent here")

// welcome shakes hands with whoever dialed us, and finds the torrent.
func (a *acceptor) welcome(c net.Conn) {
	e := a.engine
	addr := addrOf(c.RemoteAddr())
	if e.cfg.Blocked(addr.Addr()) || !e.mayConnect() {
		c.Close()
		return
	}
	var t *Torrent
	theirs, err := handshake.Accept(a.ctx, c, func(theirs handshake.Handshake) (handshake.Handshake, error) {
		found, ok := e.Torrent(theirs.InfoHash)
		if !ok || !found.enter() {
			return handshake.Handshake{}, errNoTorrent
		}
		t = found
		return t.hello(theirs.InfoHash), nil
	}, handshake.Options{Timeout: e.cfg.HandshakeTimeout})
	if t != nil {
		defer t.tasks.Done()
	}
	if err != nil {
		e.abandon(c)
		e.cfg.Logger.Debug("handshake failed", "addr", addr, "err", err)
		return
	}
	t.post(joined{newConn(t, c, addr, theirs.InfoHash, false, theirs.Reserved.Has(handshake.Fast)), theirs})
}
