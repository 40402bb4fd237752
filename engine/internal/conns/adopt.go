package conns

import (
	"errors"
	"time"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/protocol/places"
)

// Why a connection from elsewhere is not adopted.
var (
	errBlocked    = errors.New("the peer is blocked")
	errLongReplay = errors.New("the peer sent too much before")
)

// Adopt hands a connection that was made elsewhere to a torrent, and owns it from then on.
// It takes a place as any other does. After an error the connection is closed. The caller is
// a task of the torrent.
func (s *Sockets) Adopt(t Owner, c *connect.Conn) error {
	err := s.admit(c)
	if err != nil {
		c.Close()
		return err
	}
	c.Release() // it has a place here now
	s.join(t, c)
	return nil
}

// admit takes a place for a connection from elsewhere.
func (s *Sockets) admit(c *connect.Conn) error {
	addr := c.Addr.Addr()
	switch {
	case s.Connector.Blocked(addr):
		return errBlocked
	case len(c.Replay) > connect.MaxReplay:
		return errLongReplay
	case c.Outgoing && s.acquireOutgoing(addr) != places.None:
		return errNoRoom
	case !c.Outgoing && !s.acquire(addr):
		return errNoRoom
	}
	err := c.SetDeadline(time.Time{})
	if err != nil {
		s.release(addr, c.Outgoing)
	}
	return err
}
