package conns

import (
	"errors"
	"net/netip"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/protocol/places"
	"github.com/shoal-bt/shoal/swarm"
)

// Why a dial whose turn has come is not made.
var (
	errNoRoom  = errors.New("too many connections")
	errCrowded = errors.New("too many connections to the peer's host or network")
)

// A dial is the way of one address from a torrent's turn to a connection.
type dial struct {
	sockets  *Sockets
	torrent  Owner
	addr     netip.AddrPort
	hasPlace bool
}

// Dial has the Connector connect to an address and shake hands in a swarm; torrents take
// turns there. Joined or Unreached follows, unless the torrent is closed. It is called in a
// turn.
func (s *Sockets) Dial(t Owner, addr netip.AddrPort, id swarm.ID, first bool) {
	if t.Closing() {
		return
	}
	t.AddTask() // until done
	d := &dial{sockets: s, torrent: t, addr: addr}
	began := s.Connector.Start(t.Context(), connect.Request{
		Addr:  addr,
		Ours:  ours(t, id),
		Group: t,
		First: first,
		Admit: d.admit,
	}, d.done)
	switch {
	case !began:
		d.done(nil, connect.ErrClosed)
	case t.Closing(): // perhaps since ForgetDials
		s.ForgetDials(t)
	}
}

// ForgetDials takes out the dials that wait of a torrent that is being closed, so that it
// need not wait for those of others.
func (s *Sockets) ForgetDials(t Owner) { s.Connector.Forget(t) }

// admit takes a place for the connection before it is dialed.
func (d *dial) admit() error {
	switch d.sockets.acquireOutgoing(d.addr.Addr()) {
	case places.None:
		d.hasPlace = true
		return nil
	case places.Total:
		return errNoRoom
	}
	return errCrowded
}

// done tells the turn how the dial ended.
func (d *dial) done(c *connect.Conn, err error) {
	t := d.torrent
	defer t.EndTask()
	if err == nil {
		d.sockets.join(t, c)
		return
	}
	if d.hasPlace {
		d.sockets.release(d.addr.Addr(), true)
	}
	if t.Closing() { // which ended the dial
		return
	}
	if connect.ReasonOf(err) == connect.Filtered {
		t.Blocked(d.addr.Addr())
	}
	u := protocol.Unreached{Addr: d.addr}
	var wasTried bool
	u.Why, wasTried = outcome(err)
	if wasTried {
		d.sockets.Logger.Debug("dial failed", "torrent", t.ID(), "addr", d.addr, "err", err)
		u.Err = err
	}
	t.Post(u)
}

// outcome returns what a failed dial says about its address, and whether somebody tried to
// reach it.
func outcome(err error) (o addressbook.Outcome, wasTried bool) {
	switch {
	case errors.Is(err, errNoRoom):
		return addressbook.NoRoom, false
	case errors.Is(err, errCrowded):
		return addressbook.Crowded, false
	}
	switch connect.ReasonOf(err) {
	case connect.Filtered:
		return addressbook.Failed, false
	case connect.Self:
		return addressbook.Self, true
	case connect.HungUp, connect.Silent, connect.Foreign, connect.NoTorrent:
		return addressbook.NoHandshake, true
	}
	return addressbook.Failed, true
}
