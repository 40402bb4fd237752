package trackerserver

import (
	"errors"
	"net"
	"net/http"
	"time"
)

// How long a connection may take, in seconds. It has up to a second more.
const (
	maxRequestTime = 10 // for a request: from its first byte, or from the connection's beginning
	maxAnswerTime  = 15 // for the answer to a request
	maxIdleTime    = 30 // between an answer and the next request
)

// A phase is what a connection does.
type phase int

const (
	reading   phase = iota // a request, which has begun unless it is the first
	answering              // that request
	idle                   // the request is answered, and nothing came since
)

// watch closes the connections that take too long, once a second while any is open.
//
// net/http has such limits too, but it asks for the time and moves a timer four times in
// each request, which costs as much as to parse the announce.
func (l *limitedListener) watch() {
	now := l.seconds.Add(1)
	var late []*limitedConn
	l.mu.Lock()
	for e := l.all.Front(); e != nil; e = e.Next() {
		c := e.Value.(*limitedConn)
		if c.until.Load() < now {
			late = append(late, c)
		}
		c.stopHolding()
	}
	if l.all.Len() > 0 {
		l.timer.Reset(time.Second)
	}
	l.mu.Unlock()
	for _, c := range late {
		c.Close()
	}
}

// startWatch starts to watch when there is a connection. The caller holds the lock.
func (l *limitedListener) startWatch() {
	switch {
	case l.timer == nil:
		l.timer = time.AfterFunc(time.Second, l.watch)
	case l.all.Len() == 1:
		l.timer.Reset(time.Second)
	}
}

// allow gives the connection some seconds for what comes next.
func (c *limitedConn) allow(seconds int64) { c.until.Store(c.listener.seconds.Load() + seconds) }

// changed is called by an http.Server when it has read a request, and when it has answered
// it.
func (c *limitedConn) changed(s http.ConnState) {
	switch s {
	case http.StateActive:
		c.phase = answering
		c.startHolding()
		c.allow(maxAnswerTime)
	case http.StateIdle:
		c.phase = idle
		c.allow(maxIdleTime)
	}
}

// Read implements net.Conn.
func (c *limitedConn) Read(b []byte) (int, error) {
	if c.phase == answering && len(b) == 1 {
		c.hold()
	}
	n, err := c.Conn.Read(b)
	if c.phase == idle && n > 0 {
		c.phase = reading
		c.allow(maxRequestTime)
	}
	return n, err
}

// connChanged calls changed for a connection of a limitedListener.
func connChanged(c net.Conn, s http.ConnState) { c.(*limitedConn).changed(s) }

// SetReadDeadline implements net.Conn. It does nothing if there was no deadline and is to
// be none, because net/http calls it seven times in each request, five times of which for
// nothing.
func (c *limitedConn) SetReadDeadline(t time.Time) error {
	if t.IsZero() && !c.hasReadDeadline {
		return nil
	}
	c.hasReadDeadline = !t.IsZero()
	err := c.Conn.SetReadDeadline(t)
	if c.hasReadDeadline {
		c.stopHolding()
	}
	return err
}

// SetWriteDeadline implements net.Conn. It does nothing if there was no deadline and is to
// be none.
func (c *limitedConn) SetWriteDeadline(t time.Time) error {
	if t.IsZero() && !c.hasWriteDeadline {
		return nil
	}
	c.hasWriteDeadline = !t.IsZero()
	return c.Conn.SetWriteDeadline(t)
}

// SetDeadline implements net.Conn.
func (c *limitedConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}
