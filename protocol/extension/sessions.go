package extension

import (
	"time"

	"github.com/shoal-bt/shoal/peerwire"
)

// A Connection is the extensions of one connection: the numbers that the peer expects, and
// our sessions. Its memory follows from our extensions, whatever the peer sends. The zero
// Connection is one whose peer sent no handshake yet.
type Connection struct {
	DontHave  uint8 // the peer's number of lt_donthave; 0 for none
	Holepunch bool  // the peer has ut_holepunch (https://www.bittorrent.org/beps/bep_0055.html)

	parts []part // by index in the Registry; nil before the first handshake
}

// A part is one extension's part in a connection.
type part struct {
	number  uint8 // that the peer expects; 0 while the extension is off
	session Session
	opened  bool
}

// holepunchName is the extension that Connection.Holepunch is about.
const holepunchName = "ut_holepunch"

// Hello takes in a handshake of the peer, the first or a later one, which has only what
// changes (https://www.bittorrent.org/beps/bep_0010.html, "handshake message"). open
// returns the Conn of the extension with an index. A session is opened once: a peer that
// turns an extension off and on again does not begin it a second time.
func (c *Connection) Hello(now time.Time, r *Registry, hello *peerwire.ExtendedHandshake, open func(i int) Conn) {
	update(&c.DontHave, hello.M, peerwire.DontHaveName)
	if n, ok := hello.M[holepunchName]; ok {
		c.Holepunch = n != 0
	}
	if r == nil {
		return
	}
	if c.parts == nil {
		c.parts = make([]part, len(r.all))
	}
	for i, e := range r.all {
		p := &c.parts[i]
		update(&p.number, hello.M, e.Name())
		switch {
		case p.session != nil:
			p.session.Hello(now, hello)
		case p.number != 0 && !p.opened:
			p.opened = true
			p.session = e.Open(now, open(i), hello)
		}
	}
}

// update sets a number to the one that a handshake has for a name, if it has any.
func update(number *uint8, m peerwire.Extensions, name string) {
	n, ok := m[name]
	if ok {
		*number = n
	}
}

// Message passes a message to the session that it is for. It reports false if there is
// none: the number is unknown, or the peer never said that it has the extension.
func (c *Connection) Message(now time.Time, number uint8, body []byte) (known bool, err error) {
	i := int(number) - first
	if i < 0 || i >= len(c.parts) || c.parts[i].session == nil {
		return false, nil
	}
	return true, c.parts[i].session.Message(now, body)
}

// Number returns the number that the peer expects in messages of the extension with an
// index; 0 for none.
func (c *Connection) Number(i int) uint8 {
	if i < 0 || i >= len(c.parts) {
		return 0
	}
	return c.parts[i].number
}

// NumberOf returns the number that the peer expects in messages of an extension, by its
// name; 0 for none.
func (c *Connection) NumberOf(r *Registry, name string) uint8 { return c.Number(r.index(name)) }

// Tick passes time to the sessions.
func (c *Connection) Tick(now time.Time) {
	for _, p := range c.parts {
		if p.session != nil {
			p.session.Tick(now)
		}
	}
}

// Close closes the sessions. Calls after the first do nothing.
func (c *Connection) Close() {
	for _, p := range c.parts {
		if p.session != nil {
			p.session.Close()
		}
	}
	c.parts = nil
}
