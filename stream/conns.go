package stream

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A conns bounds the connections that are open at a time, of all listeners together. If there are
// too many, the one goes that has waited for a request for longest, of the address that has most
// such; otherwise one whose client hinders, as for places; otherwise the oldest of an address that
// has at least two more than the new one's; otherwise the new one.
type conns struct {
	most int

	mu  sync.Mutex // guards what follows
	all []*conn    // oldest first
}

// A conn is a connection of Serve.
type conn struct {
	net.Conn
	pace
	conns  *conns
	holder netip.Prefix
	active atomic.Bool // a request is answered

	idleAt time.Time // since when it waits for a request; the lock of conns guards it
	early  []byte    // came while a request was answered; belongs to the goroutine that reads
}

// A listener accepts connections of a conns.
type listener struct {
	net.Listener
	conns *conns
}

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	for {
		inner, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &conn{
			Conn:   inner,
			conns:  l.conns,
			holder: holderOf(inner.RemoteAddr().String()),
			idleAt: time.Now(),
		}
		victim := l.conns.add(c)
		if victim != nil {
			victim.Close()
		}
		if victim != c {
			return c, nil
		}
	}
}

// add adds a connection. If there are too many then, it returns the one to close, which may be the
// new one.
func (cs *conns) add(c *conn) (victim *conn) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if len(cs.all) >= cs.most {
		i := cs.victimFor(c)
		if i < 0 {
			return c
		}
		victim = cs.all[i]
		cs.all = slices.Delete(cs.all, i, i+1)
	}
	cs.all = append(cs.all, c)
	return victim
}

// victimFor returns the index of the connection that makes room for another; -1 for none. The
// caller holds the lock.
func (cs *conns) victimFor(next *conn) int {
	idle := make(map[netip.Prefix]int)
	for _, c := range cs.all {
		if !c.active.Load() {
			idle[c.holder]++
		}
	}
	victim := -1
	for i, c := range cs.all {
		if c.active.Load() {
			continue
		}
		if victim < 0 || idle[c.holder] > idle[cs.all[victim].holder] ||
			(idle[c.holder] == idle[cs.all[victim].holder] && c.idleAt.Before(cs.all[victim].idleAt)) {
			victim = i
		}
	}
	if victim >= 0 {
		return victim
	}
	longest, now := time.Duration(-1), time.Now()
	for i, c := range cs.all {
		waited, ok := c.hinders(now, longRead)
		if ok && waited > longest {
			victim, longest = i, waited
		}
	}
	if victim >= 0 {
		return victim
	}
	return firstOfLargest(cs.all, func(c *conn) netip.Prefix { return c.holder }, next.holder)
}

// changed follows the state of a connection; it is the ConnState of the server.
func (cs *conns) changed(inner net.Conn, state http.ConnState) {
	c, ok := inner.(*conn)
	if !ok {
		return
	}
	c.active.Store(state == http.StateActive)
	switch state {
	case http.StateNew, http.StateActive, http.StateIdle:
		// net/http writes some answers of its own without a deadline.
		c.Conn.SetWriteDeadline(time.Now().Add(shortTimeout))
	}
	if state == http.StateIdle {
		cs.mu.Lock()
		defer cs.mu.Unlock()
		c.idleAt = time.Now()
	}
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.conns.mu.Lock()
	c.conns.all = slices.DeleteFunc(c.conns.all, func(other *conn) bool { return other == c })
	c.conns.mu.Unlock()
	return c.Conn.Close()
}

// Write implements net.Conn.
func (c *conn) Write(b []byte) (int, error) {
	c.startWrite()
	n, err := c.Conn.Write(b)
	c.endWrite(n)
	return n, err
}

// Bounds on what a client may send while a request of it is answered.
const (
	earlySize = 512     // of a read
	maxEarly  = 4 << 10 // of all; if it sends more, its request ends
)

// tooEarly is the error of a client that sends many requests before their turn.
type tooEarly struct{}

func (tooEarly) Error() string { return "stream: requests came before their turn" }

// Read implements net.Conn. While a request is answered, net/http reads one byte, to cancel the
// request when the client closes the connection; but it stops when there is one, because the next
// request came early. So a client could close the connection unseen, and a reader that waits for
// peers would keep its place. Here the Read goes on and keeps what comes.
func (c *conn) Read(b []byte) (int, error) {
	watching := c.active.Load() && len(b) == 1
	if !watching && len(c.early) > 0 {
		n := copy(b, c.early)
		c.early = c.early[n:]
		return n, nil
	}
	if !watching {
		return c.Conn.Read(b)
	}
	for {
		if len(c.early) >= maxEarly {
			return 0, tooEarly{}
		}
		var buf [earlySize]byte
		n, err := c.Conn.Read(buf[:])
		c.early = append(c.early, buf[:n]...)
		if err != nil {
			return 0, err
		}
	}
}
