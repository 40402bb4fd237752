package engine

import (
	"cmp"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"time"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/protocol/places"
	"github.com/shoal-bt/shoal/swarm"
)

// A Dialer connects to peers. A *net.Dialer is one.
type Dialer = connect.Dialer

// A Config tunes an Engine. Its zero value is ready for use: it dials, but does
// not listen. A Config is read once, by New.
type Config struct {
	// Listeners accept the connections of all torrents. The engine closes
	// them. The port of the first is the one that is announced.
	Listeners []net.Listener

	// Connector reaches the peers of all torrents, and perhaps those of others. The
	// engine does not close it. Nil means one that has Dialer, HalfOpen, ConnectTimeout,
	// HandshakeTimeout and Blocked, which are not read otherwise.
	Connector *connect.Connector

	// Dialer makes outgoing connections; nil means a connect.TCP.
	Dialer Dialer

	// Logger gets what only a developer wants to know; nil means no logs.
	Logger *slog.Logger

	// Memory is the number of bytes that blocks may take between network
	// and disk, over all torrents. Zero means 64 MiB, the least is 1 MiB.
	Memory int64

	// UploadMemory is the number of bytes that blocks on their way to peers
	// may take, over all torrents. Zero means 32 MiB, the least is 1 MiB. Half of it
	// is for writes of one block, each of which takes 20 KiB, and the other half for
	// larger ones. If it is short, a peer that takes less than 16 KiB in 5 s loses
	// its connection.
	UploadMemory int64

	// MaxConns is the number of connections over all torrents. Zero means
	// 500, a negative number means no limit. When all are in use, the one that gave
	// and took nothing for longest goes if somebody new comes. A busy connection
	// uses a buffer of 256 KiB. A connection that takes nothing is closed when 1 MiB
	// of messages wait for it, not counting blocks.
	MaxConns int

	// MaxConnsPerAddr is how many of MaxConns one address may have, and
	// MaxConnsPerNetwork how many an IPv4 /24 or an IPv6 /64. Loopback, private and
	// link-local addresses may have ten times as many. Zero means a sixteenth and a
	// quarter of MaxConns, once half of them are in use; a negative number means no
	// limit.
	MaxConnsPerAddr, MaxConnsPerNetwork int

	// OutgoingConns is how many of MaxConns are kept for connections that we dial.
	// Zero means a quarter of MaxConns, a negative number means none.
	OutgoingConns int

	// HalfOpen is the number of outgoing connections that may be under way
	// at once. An eighth of them is kept for torrents that have none under way. Zero
	// means 50.
	HalfOpen int

	// Handshakes is the number of incoming connections whose handshake is not
	// done. They do not count as connections yet. Zero means 256, a negative number
	// means no limit. One address may have a sixteenth of them, and an IPv4 /24 or
	// an IPv6 /64 a quarter; if it is loopback, private or link-local, ten times as
	// many. An address or network with more loses its oldest when half of all are
	// under way.
	Handshakes int

	// Announces is the number of calls to peer sources under way at once. An eighth
	// of them is kept for torrents that have none under way. Zero means 50.
	Announces int

	// Verifiers is the number of goroutines that hash. Zero means one for
	// each processor.
	Verifiers int

	// ConnectTimeout ends a dial; zero means 15 s. HandshakeTimeout ends a
	// handshake; zero means 10 s. The first dial to an address has a third of both
	// if others wait for HalfOpen. PeerTimeout ends a connection that was silent, or
	// took none of our bytes; zero means 120 s.
	ConnectTimeout, HandshakeTimeout, PeerTimeout time.Duration

	// Blocked reports whether an address may not be talked to; nil means
	// that all may. It is called from many goroutines and must not block.
	Blocked func(netip.Addr) bool

	// OnDHTNode gets the address of a node of the DHT that a peer of a torrent names as its own
	// (https://www.bittorrent.org/beps/bep_0005.html), at most one a minute from each connection,
	// and none of a private torrent. It may be a lie. Nil means that nobody wants it. It is called
	// from many goroutines, must not block, and must not call the Torrent. SetDHTPort is the
	// other direction.
	OnDHTNode func(netip.AddrPort)

	// Torrent is the configuration of torrents whose Spec has none, and the
	// defaults of those whose Spec has one.
	Torrent TorrentConfig
}

// A TorrentConfig tunes one torrent. A field that is zero in a Spec's takes the
// value of the engine's, and there the default that it names.
type TorrentConfig = protocol.Config

// A Switch is a boolean with a third state: not set.
type Switch = protocol.Switch

// The states of a Switch.
const (
	Unset = protocol.Unset
	On    = protocol.On
	Off   = protocol.Off
)

type (
	// A Choker chooses whom we upload to.
	Choker = protocol.Choker

	// A Revealer chooses which pieces a peer is shown.
	Revealer = protocol.Revealer

	// A PeerRate is what a Choker may know about one interested peer.
	PeerRate = protocol.PeerRate
)

// NewTitForTat returns the default Choker.
func NewTitForTat() Choker { return protocol.NewTitForTat() }

// NewSuperSeed returns a Revealer that shows each peer one piece at a time, for
// TorrentConfig.NewRevealer (https://www.bittorrent.org/beps/bep_0016.html).
func NewSuperSeed(pieces int, seed uint64) Revealer { return protocol.NewSuperSeed(pieces, seed) }

// withDefaults returns c with its zero fields set to what they mean.
func (c Config) withDefaults() (Config, error) {
	if c.Memory < 0 || c.UploadMemory < 0 || c.HalfOpen < 0 || c.Announces < 0 || c.Verifiers < 0 {
		return c, errors.New("engine: a size in Config is negative")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.Memory = max(cmp.Or(c.Memory, 64<<20), 1<<20)
	c.UploadMemory = max(cmp.Or(c.UploadMemory, 32<<20), 1<<20)
	c.MaxConns = cmp.Or(c.MaxConns, 500)
	c.Handshakes = cmp.Or(c.Handshakes, 256)
	c.Announces = cmp.Or(c.Announces, 50)
	c.Verifiers = cmp.Or(c.Verifiers, runtime.GOMAXPROCS(0))
	c.PeerTimeout = cmp.Or(c.PeerTimeout, 120*time.Second)
	v4, v6 := connect.Bound(c.Listeners)
	own := TorrentConfig{PeerID: newPeerID(), UserAgent: "Shoal/0.1.0", IPv4: v4, IPv6: v6}
	c.Torrent = c.Torrent.Or(own).Or(protocol.DefaultConfig())
	return c, nil
}

// connectOptions returns how to reach peers; zero means the default.
func (c *Config) connectOptions() connect.Options {
	o := connect.Options{
		HalfOpen:         c.HalfOpen,
		ConnectTimeout:   c.ConnectTimeout,
		HandshakeTimeout: c.HandshakeTimeout,
		Blocked:          c.Blocked,
	}
	if c.Dialer != nil {
		o.Dialers = []connect.Dialer{c.Dialer}
	}
	return o
}

// places returns the limits of connections; zero means the default.
func (c *Config) places() places.Limits {
	return places.Limits{
		Total:      c.MaxConns,
		PerAddr:    c.MaxConnsPerAddr,
		PerNetwork: c.MaxConnsPerNetwork,
		Outgoing:   c.OutgoingConns,
	}
}

// newPeerID makes a name in the style of BEP 20.
func newPeerID() (id swarm.PeerID) {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	n := copy(id[:], "-SL0010-")
	rand.Read(id[n:])
	for i := n; i < len(id); i++ {
		id[i] = letters[int(id[i])%len(letters)]
	}
	return id
}
