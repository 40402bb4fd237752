package trackerserver

import (
	"container/list"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// A limitedListener bounds the connections that are open at a time, so that one address
// cannot take the descriptors that others need. If there are too many, the address that
// has most loses the one that it opened first. A connection may take only so long for
// each request; see watch.
type limitedListener struct {
	net.Listener
	max     int
	seconds atomic.Int64 // that watch has counted

	mu    sync.Mutex  // guards what follows
	timer *time.Timer // calls watch while connections are open; nil before the first
	all   list.List   // of *limitedConn, oldest first
	count tally
	open  map[holder]*list.List
}

// A limitedConn is a connection of a limitedListener. Deadlines may be set by one goroutine
// at a time, as net/http does.
type limitedConn struct {
	net.Conn
	listener *limitedListener
	holder   holder
	until    atomic.Int64  // when it takes too long, in the listener's seconds
	release  chan struct{} // ends hold
	closed   atomic.Bool

	// These belong to the goroutine that serves the connection. While it answers, another
	// one reads phase.
	phase            phase
	hasReadDeadline  bool
	hasWriteDeadline bool

	// The listener's lock guards these.
	inAll  *list.Element
	inOpen *list.Element // nil once it is closed
}

// Accept implements net.Listener.
func (l *limitedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := l.newConn(conn)
	if a, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err == nil {
		c.holder = holderOf(a.Addr())
	}
	if victim := l.add(c); victim != nil {
		victim.Close()
	}
	return c, nil
}

func (l *limitedListener) newConn(c net.Conn) *limitedConn {
	return &limitedConn{Conn: c, listener: l, release: make(chan struct{}, 1)}
}

// add adds a connection. If there are too many then, it returns the one to close.
func (l *limitedListener) add(c *limitedConn) (victim *limitedConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all.Len() >= l.max {
		h, count := l.count.largest()
		oldest := l.open[h]
		if count == 1 {
			oldest = &l.all // all have one
		}
		victim = oldest.Front().Value.(*limitedConn)
	}
	if l.open == nil {
		l.open = make(map[holder]*list.List)
	}
	if l.open[c.holder] == nil {
		l.open[c.holder] = list.New()
	}
	l.count.add(c.holder)
	c.inAll, c.inOpen = l.all.PushBack(c), l.open[c.holder].PushBack(c)
	c.allow(maxRequestTime)
	l.startWatch()
	return victim
}

// Close implements net.Conn.
func (c *limitedConn) Close() error {
	c.listener.remove(c)
	err := c.Conn.Close()
	c.closed.Store(true)
	c.stopHolding()
	return err
}

// remove takes a connection out, once.
func (l *limitedListener) remove(c *limitedConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.inOpen == nil {
		return
	}
	l.all.Remove(c.inAll)
	l.open[c.holder].Remove(c.inOpen)
	c.inOpen = nil
	l.count.remove(c.holder)
	if l.open[c.holder].Len() == 0 {
		delete(l.open, c.holder)
	}
}
