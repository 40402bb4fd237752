package extension

import (
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

// An Extension plugs into the extension protocol. It is made per torrent, when the first
// peer joins that speaks the protocol. Its calls and those of its Sessions never overlap,
// must not block, and must not call the State or the torrent, except through Conn.
type Extension interface {
	// Name is the name in the handshake's "m", such as "ut_pex": 1 to 64 bytes, always the
	// same.
	Name() string

	// Hello adds to our handshake on a new connection, such as MetadataSize. M is not
	// filled in yet and is overwritten.
	Hello(h *peerwire.ExtendedHandshake)

	// Open begins the extension's part in a connection whose peer has the extension. It
	// is called at most once for a connection. The handshake is the peer's; nothing of it
	// may be kept. Nil means that the extension wants no part in it.
	Open(now time.Time, c Conn, hello *peerwire.ExtendedHandshake) Session
}

// A Session is an Extension's part in one connection.
type Session interface {
	// Hello says that the peer sent another handshake. The peer may have turned the
	// extension off in it, and on again in a later one; Conn.Send tells. Nothing of the
	// handshake may be kept.
	Hello(now time.Time, hello *peerwire.ExtendedHandshake)

	// Message brings the body of a message of the extension, which it must not keep. An
	// error ends the connection, and this connection only. After one of ending.Flood the
	// peer may not return at once.
	Message(now time.Time, body []byte) error

	// Tick comes every five seconds, every half second while blocks are requested.
	Tick(now time.Time)

	// Close says that the connection has ended. No call follows, and the Conn must not be
	// used any more, also not in Close.
	Close()
}

// A Conn is what a Session sees of its connection, and of the torrent. It may be used in
// calls of its Session and in Extension.Open only.
type Conn interface {
	// Peer is the number of the connection, for Torrent.Say and protocol.Say.
	Peer() swarm.Peer

	// Swarm is the one of the torrent's swarms that the connection belongs to.
	Swarm() swarm.ID

	// Addr is the other end of the connection, and Outgoing says that we dialed it.
	Addr() netip.AddrPort
	Outgoing() bool

	// Send sends a message of the extension; the body is copied. It reports false, and
	// sends nothing, while the peer has turned the extension off. What a session sends
	// unasked it must bound: a peer that reads too slowly loses its connection.
	Send(body []byte) bool

	// SendLater sends a message of the extension whose body is made when it is sent, because it
	// is long or has to be read first. A goroutine of the connection calls body once at most,
	// and body may block; nothing is sent if it returns nil. SendLater reports false, and sends
	// nothing, when Send does, and while 64 such messages wait for the peer.
	SendLater(body func() []byte) bool

	// Found brings addresses that the peer named. They are dialed like others, but a
	// private torrent ignores them, and so does any torrent those that are more local
	// than the peer itself: they would only lead into somebody's network. Each address costs the
	// peer as much as a message that changes nothing, and one that names thousands in a row
	// loses its connection.
	Found(a ...swarm.Address)

	// Peers yields the other peers of the swarm that are connected and can be dialed: where
	// they listen, and as Flags what is known of them. swarm.Seed stands for those that have
	// everything or want nothing, and swarm.Reachable for those that we dialed.
	Peers(yield func(swarm.Address) bool)

	// CountUpload counts bytes of messages that are content, such as metadata, as
	// uploaded.
	CountUpload(n int)

	// CountIgnored counts what the peer sent and the session ignored, such as messages that
	// came too soon, for PeerStats.Ignored.
	CountIgnored(n int)
}

// A Torrent is what an Extension is made for. Its fields are read-only.
type Torrent struct {
	// Swarms are the swarms of the torrent, the first is its ID.
	Swarms []swarm.ID

	// Private says that only the torrent's trackers may name peers
	// (https://www.bittorrent.org/beps/bep_0027.html).
	Private bool

	// Say sends a message of the extension from outside of its calls, such as one that
	// needed the disk. It returns at once, copies nothing, and may be called from any
	// goroutine. The message is dropped if the connection has ended or the peer does not
	// have the extension. The caller bounds how many it sends: when more than 1 MiB waits for
	// a peer, its connection ends. Nil if the program that runs the State has no such way.
	Say func(p swarm.Peer, body []byte)
}

// A Maker makes an Extension for a torrent, or returns nil if the torrent is to have none. It
// must not block.
type Maker func(t Torrent) Extension
