package connect

import (
	"net"
	"net/netip"

	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/swarm"
)

// MaxReplay is the number of bytes that Conn.Replay has at most.
const MaxReplay = 256 << 10

// A Conn is a connection to a peer that has shaken hands. One goroutine at a time owns it,
// fields and all, and hands it on as a whole. The owner closes it.
type Conn struct {
	// Conn is the socket. Its next byte is the first after the handshake, or after what
	// was read into Replay.
	net.Conn

	// Addr is the peer's address: the one that was dialed, or from which it dialed us.
	Addr netip.AddrPort

	// Swarm is the swarm that both handshakes named.
	Swarm swarm.ID

	// Ours and Theirs are the two handshakes.
	Ours, Theirs handshake.Handshake

	// Outgoing says that we dialed.
	Outgoing bool

	// Greeted says that an owner sent the first messages: that we have no piece, if both
	// sides speak the fast extension, and the extension handshake, if both sides speak
	// that protocol. It sent nothing else that changes what we have.
	Greeted bool

	// Interested says that an owner told the peer that we are interested.
	Interested bool

	// Replay is what an owner has read and the next one still has to: messages in the
	// order in which they came, and at the end perhaps a part of one. At most MaxReplay
	// bytes.
	Replay []byte

	release func() // gives back its place of Options.MaxConns; nil if it has none
}

// Release says that another counts the connection from now on, so that its place of
// Options.MaxConns is free. It may be called again, by any goroutine.
func (c *Conn) Release() {
	if c.release != nil {
		c.release()
	}
}

// Close closes the socket, and releases the connection.
func (c *Conn) Close() error {
	c.Release()
	return c.Conn.Close()
}

// Supports reports whether both sides have set a bit of the handshake.
func (c *Conn) Supports(b handshake.Bit) bool {
	return c.Ours.Reserved.Has(b) && c.Theirs.Reserved.Has(b)
}
