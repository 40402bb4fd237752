package engine

import (
	"context"
	"errors"
	"net"
	"slices"
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
	room   chan struct{} // holds a token when a handshake has ended

	mu      sync.Mutex
	pending []pendingHandshake // oldest first
}

func newAcceptor(e *Engine) *acceptor {
	a := &acceptor{engine: e, room: make(chan struct{}, 1)}
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

// listen accepts until the listener is closed.
func (a *acceptor) listen(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			if a.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			// Out of files, most likely: it passes.
			a.engine.cfg.Logger.Warn("accept failed", "err", err)
			a.pause(time.Second)
			continue
		}
		a.begin(c)
		a.done.Go(func() {
			defer a.end(c)
			a.accept(c)
		})
	}
}

// dawdle is how long a handshake has before a new one may end it: an honest one
// is done in a round trip.
const slowHandshake = time.Second

// A greeting is a handshake under way.
type pendingHandshake struct {
	conn  net.Conn
	since time.Time
}

// begin counts a handshake. When too many are under way the oldest is ended once
// it dawdles; until then the new one waits, and others in the system's queue.
func (a *acceptor) begin(c net.Conn) {
	for {
		a.mu.Lock()
		wait := time.Duration(0)
		if len(a.pending) >= a.engine.cfg.HalfOpen {
			if wait = slowHandshake - time.Since(a.pending[0].since); wait <= 0 {
				a.pending[0].conn.Close()
				a.pending = a.pending[1:]
			}
		}
		if wait <= 0 {
			a.pending = append(a.pending, pendingHandshake{c, time.Now()})
			a.mu.Unlock()
			return
		}
		a.mu.Unlock()
		select {
		case <-a.room:
		case <-time.After(wait):
		case <-a.ctx.Done():
			return
		}
	}
}

// end forgets a handshake that is over.
func (a *acceptor) end(c net.Conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pending = slices.DeleteFunc(a.pending, func(g pendingHandshake) bool { return g.conn == c })
	select {
	case a.room <- struct{}{}:
	default:
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
func (a *acceptor) accept(c net.Conn) {
	e := a.engine
	addr := addrOf(c.RemoteAddr())
	blocked := e.cfg.Blocked(addr.Addr())
	if blocked && e.cfg.Torrent.Events&OnPeerBlocked != 0 {
		e.hub.emit(PeerBlocked{Addr: addr.Addr()})
	}
	if blocked || !e.mayConnect() {
		c.Close()
		return
	}
	var t *Torrent
	theirs, err := handshake.Accept(a.ctx, c, func(theirs handshake.Handshake) (handshake.Handshake, error) {
		found, ok := e.Torrent(theirs.InfoHash)
		if !ok || !found.beginTask() {
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
