package conns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/handshake"
)

const (
	// slowHandshake is how long a handshake has before a new one may end it: an honest
	// one is done in a round trip.
	slowHandshake = time.Second

	acceptRetry = time.Second // after a failed accept
)

// errNoTorrent ends a handshake that names a swarm of nobody.
var errNoTorrent = errors.New("no such torrent here")

// An Acceptor takes the incoming connections of all listeners.
type Acceptor struct {
	sockets *Sockets
	ctx     context.Context
	cancel  context.CancelFunc
	done    sync.WaitGroup
	room    chan struct{} // holds a token when a handshake has ended

	mu      sync.Mutex
	pending []pendingHandshake // oldest first
}

// A pendingHandshake is a handshake under way.
type pendingHandshake struct {
	conn  net.Conn
	since time.Time
}

// NewAcceptor returns an Acceptor that accepts from now on.
func NewAcceptor(s *Sockets) *Acceptor {
	a := &Acceptor{sockets: s, room: make(chan struct{}, 1)}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	for _, l := range s.Listeners {
		a.done.Go(func() { a.listen(l) })
	}
	return a
}

// Close closes the listeners and ends the handshakes under way.
func (a *Acceptor) Close() {
	a.cancel()
	for _, l := range a.sockets.Listeners {
		l.Close()
	}
	a.done.Wait()
}

// listen accepts until the listener is closed.
func (a *Acceptor) listen(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			if a.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			// Too many open files, most likely, which passes.
			a.sockets.Logger.Warn("accept failed", "err", err)
			a.pause(acceptRetry)
			continue
		}
		a.beginHandshake(c)
		a.done.Go(func() {
			defer a.endHandshake(c)
			a.accept(c)
		})
	}
}

// beginHandshake counts a handshake. When too many are under way the oldest is ended
// once it is slow; until then the new one waits, and others in the system's queue.
func (a *Acceptor) beginHandshake(c net.Conn) {
	for {
		wait := a.tryBegin(c)
		if wait <= 0 {
			return
		}
		select {
		case <-a.room:
		case <-time.After(wait):
		case <-a.ctx.Done():
			return
		}
	}
}

// tryBegin counts a handshake, or returns how long to wait at most before it may.
func (a *Acceptor) tryBegin(c net.Conn) (wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.pending) >= a.sockets.HalfOpen {
		wait = slowHandshake - time.Since(a.pending[0].since)
		if wait > 0 {
			return wait
		}
		a.pending[0].conn.Close()
		a.pending = a.pending[1:]
	}
	a.pending = append(a.pending, pendingHandshake{c, time.Now()})
	return 0
}

// endHandshake forgets a handshake.
func (a *Acceptor) endHandshake(c net.Conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pending = slices.DeleteFunc(a.pending, func(p pendingHandshake) bool { return p.conn == c })
	select {
	case a.room <- struct{}{}:
	default:
	}
}

func (a *Acceptor) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-a.ctx.Done():
	}
}

// accept shakes hands with a peer that dialed us, and finds the torrent.
func (a *Acceptor) accept(c net.Conn) {
	s := a.sockets
	addr := AddrPort(c.RemoteAddr())
	blocked := s.Blocked(addr.Addr())
	if blocked {
		s.OnBlocked(addr.Addr())
	}
	if blocked || !s.acquire() {
		c.Close()
		return
	}
	var t Owner
	theirs, err := handshake.Accept(a.ctx, c, func(theirs handshake.Handshake) (handshake.Handshake, error) {
		found, ok := s.Find(theirs.InfoHash)
		if !ok || !found.BeginTask() {
			return handshake.Handshake{}, errNoTorrent
		}
		t = found
		return ours(t, theirs.InfoHash), nil
	}, handshake.Options{Timeout: s.HandshakeTimeout})
	if t != nil {
		defer t.EndTask()
	}
	if err != nil {
		c.Close()
		s.release()
		s.Logger.Debug("handshake failed", "addr", addr, "err", err)
		s.OnFailed(addr, fmt.Errorf("%w: %w", ErrHandshake, err))
		return
	}
	s.join(t, c, addr, theirs.InfoHash, theirs, false)
}
