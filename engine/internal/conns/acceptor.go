package conns

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/protocol/places"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	// slowHandshake is how long a handshake may take before it can be ended for one of
	// another network: an honest one is done in a round trip.
	slowHandshake = time.Second

	acceptRetry = time.Second // after a failed accept
)

// An Acceptor takes the incoming connections of all listeners.
type Acceptor struct {
	sockets *Sockets
	limits  places.Limits // of the handshakes under way
	ctx     context.Context
	cancel  context.CancelFunc
	done    sync.WaitGroup
	room    chan struct{} // holds a token when a handshake has ended

	mu      sync.Mutex
	pending []pendingHandshake // oldest first
	count   places.Count       // of pending
}

// A pendingHandshake is a handshake under way.
type pendingHandshake struct {
	conn  net.Conn
	addr  netip.Addr
	since time.Time
}

// NewAcceptor returns an Acceptor that accepts from now on.
func NewAcceptor(s *Sockets) *Acceptor {
	a := &Acceptor{
		sockets: s,
		limits:  places.Limits{Total: s.Handshakes, Outgoing: -1}.Defaults(),
		room:    make(chan struct{}, 1),
	}
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
		addr := connect.AddrPort(c.RemoteAddr())
		if a.sockets.Connector.Blocked(addr.Addr()) {
			a.sockets.OnBlocked(addr.Addr())
			c.Close()
			continue
		}
		if !a.beginHandshake(c, addr.Addr()) {
			c.Close()
			return
		}
		a.done.Go(func() { a.accept(c, addr) })
	}
}

// beginHandshake counts a handshake. When too many are under way it waits until the
// oldest may be ended; meanwhile others wait in the system's queue. It reports false if
// the Acceptor is closed.
func (a *Acceptor) beginHandshake(c net.Conn, addr netip.Addr) bool {
	for {
		wait := a.tryBegin(c, addr)
		if wait <= 0 {
			return true
		}
		select {
		case <-a.room:
		case <-time.After(wait):
		case <-a.ctx.Done():
			return false
		}
	}
}

// tryBegin counts a handshake, or returns how long to wait at most before it may. An
// address that has its share of the handshakes loses its own oldest at once, and so does
// a network: an honest peer is done before the others of its network fill that share.
// When there are too many over all, only one that is slow is ended, because a large swarm
// may come at once.
func (a *Acceptor) tryBegin(c net.Conn, addr netip.Addr) (wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for {
		limit := a.count.Exceeds(a.limits, addr, false)
		if limit == places.None {
			break
		}
		oldest := slices.IndexFunc(a.pending, func(p pendingHandshake) bool { return limit.Covers(addr, p.addr, false) })
		if limit == places.Incoming {
			wait = slowHandshake - time.Since(a.pending[oldest].since)
			if wait > 0 {
				return wait
			}
		}
		a.pending[oldest].conn.Close()
		a.remove(oldest)
	}
	a.pending = append(a.pending, pendingHandshake{c, addr, time.Now()})
	a.count.Add(addr, false)
	return 0
}

// remove takes out a handshake. The caller holds the lock.
func (a *Acceptor) remove(i int) {
	a.count.Remove(a.pending[i].addr, false)
	a.pending = slices.Delete(a.pending, i, i+1)
}

// endHandshake forgets a handshake.
func (a *Acceptor) endHandshake(c net.Conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.pending, func(p pendingHandshake) bool { return p.conn == c })
	if i < 0 {
		return // it was ended for another
	}
	a.remove(i)
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

// accept shakes hands with a peer that dialed us, and finds the torrent. The connection
// takes a place only then, so that those who never finish take none. A swarm that is no
// torrent here may have a Receiver, which has places of its own.
func (a *Acceptor) accept(socket net.Conn, addr netip.AddrPort) {
	s := a.sockets
	var t Owner
	var receiver connect.Receiver
	ctx, cancel := context.WithCancel(a.ctx)
	defer cancel()
	var unwatch func() bool
	c, err := s.Connector.Accept(ctx, socket, func(theirs handshake.Handshake) (handshake.Handshake, error) {
		id := swarm.ID(theirs.InfoHash)
		found, ok := s.Find(id)
		if !ok || !found.BeginTask() {
			receiver, ok = s.Connector.Receiver(id)
			if !ok {
				return handshake.Handshake{}, connect.ErrNoTorrent
			}
			return receiver.Answer(addr)
		}
		t = found
		unwatch = context.AfterFunc(t.Context(), cancel) // a torrent that is closed does not wait
		if !s.mayJoin(addr.Addr()) {
			return handshake.Handshake{}, errNoRoom
		}
		return ours(t, id), nil
	})
	a.endHandshake(socket) // before it joins, so that it is not ended for another then
	if t != nil {
		unwatch()
		defer t.EndTask()
	}
	if err == nil && t != nil && !s.acquire(addr.Addr()) {
		c.Close()
		err = &connect.Error{Addr: addr, Why: connect.Refused, Err: errNoRoom}
	}
	switch {
	case err != nil:
		s.Logger.Debug("handshake failed", "addr", addr, "err", err)
		s.OnFailed(addr, err)
	case t != nil:
		s.join(t, c)
	default:
		a.receive(receiver, c)
	}
}

// receive hands a connection to a Receiver, or to the torrent if there is one by now.
func (a *Acceptor) receive(r connect.Receiver, c *connect.Conn) {
	t, ok := a.sockets.Find(c.Swarm)
	isTorrent := ok && t.BeginTask()
	var err error
	switch {
	case isTorrent:
		defer t.EndTask()
		err = a.sockets.Adopt(t, c)
	case !a.sockets.Connector.Deliver(c, r):
		err = errNoRoom
	}
	if err != nil {
		a.sockets.OnFailed(c.Addr, &connect.Error{Addr: c.Addr, Why: connect.Refused, Err: err})
	}
}
