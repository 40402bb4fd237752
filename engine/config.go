package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A Dialer connects to peers. A *net.Dialer is one.
type Dialer interface {
	// DialContext connects to address, an IP address and port, on network
	// "tcp". It gives up when ctx is done; ctx has no power over the
	// connection once it is made.
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// A Config tunes an Engine. Its zero value is ready for use: it dials, but does
// not listen. A Config is read once, by New.
type Config struct {
	// Listeners accept the connections of all torrents. The engine closes
	// them. The port of the first is the one that is announced.
	Listeners []net.Listener

	// Dialer makes outgoing connections; nil means a net.Dialer.
	Dialer Dialer

	// Logger hears of what only a developer wants to know; nil for nobody.
	Logger *slog.Logger

	// Memory is the number of bytes that blocks may take between network
	// and disk, over all torrents. Zero means 64 MiB, the least is 1 MiB.
	Memory int64

	// UploadMemory is the number of bytes that blocks on their way to peers
	// may take, over all torrents. Zero means 32 MiB, the least is 1 MiB.
	UploadMemory int64

	// MaxConns is the number of connections over all torrents. Zero means
	// 500, a negative number means no limit. For one that is busy a buffer of
	// 256 KiB is lent; one that takes nothing is ended when 1 MiB of messages
	// wait for it, besides blocks.
	MaxConns int

	// HalfOpen is the number of outgoing connections that may be under way
	// at once, and the number of incoming ones whose handshake is not done.
	// Zero means 50.
	HalfOpen int

	// Announces is the number of calls to peer sources under way at once.
	// Zero means 50.
	Announces int

	// Verifiers is the number of goroutines that hash. Zero means one for
	// each processor.
	Verifiers int

	// ConnectTimeout ends a dial; zero means 15 s. HandshakeTimeout ends a
	// handshake; zero means 10 s. PeerTimeout ends a connection that was
	// silent, or took none of our bytes; zero means 120 s.
	ConnectTimeout, HandshakeTimeout, PeerTimeout time.Duration

	// Blocked reports whether an address may not be talked to; nil means
	// that all may. It is called from many goroutines and must not block.
	Blocked func(netip.Addr) bool

	// Torrent is what a torrent goes by whose Spec says nothing else.
	Torrent TorrentConfig
}

// A TorrentConfig tunes one torrent. A field that is zero in a Spec's takes the
// value of the engine's, and there the default that is named here.
type TorrentConfig struct {
	// PeerID is what we call ourselves; zero means one made for the engine.
	PeerID swarm.PeerID

	// UserAgent is the name and version that peers see (BEP 10); empty
	// means "Shoal/0.1.0".
	UserAgent string

	// MaxPeers is the number of connections; zero means 80, a negative
	// number means no limit.
	MaxPeers int

	// UploadSlots is the number of peers that may request blocks at once;
	// zero means 8, a negative number means no limit.
	UploadSlots int

	// SeedOutgoing says whether a complete torrent dials peers. Unset means On.
	SeedOutgoing Switch

	// Events are the kinds of events to report; zero means CheapEvents.
	Events EventMask

	// NewChoker makes the torrent's Choker, again when nobody was connected for a
	// while; nil means NewTitForTat.
	NewChoker func() Choker

	// IdleTimeout ends a connection on which neither side was interested in
	// the other for so long. Zero means 10 minutes, negative means never.
	IdleTimeout time.Duration
}

// A Switch is a boolean with a third state: not said.
type Switch uint8

// The states of a Switch.
const (
	Unset Switch = iota
	On
	Off
)

func (c Config) withDefaults() (Config, error) {
	if c.Memory < 0 || c.UploadMemory < 0 || c.HalfOpen < 0 || c.Announces < 0 || c.Verifiers < 0 {
		return c, errors.New("engine: a size in Config is negative")
	}
	if c.Dialer == nil {
		c.Dialer = new(net.Dialer)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.Memory = max(or(c.Memory, 64<<20), 1<<20)
	c.UploadMemory = max(or(c.UploadMemory, 32<<20), 1<<20)
	c.MaxConns = or(c.MaxConns, 500)
	c.HalfOpen = or(c.HalfOpen, 50)
	c.Announces = or(c.Announces, 50)
	c.Verifiers = or(c.Verifiers, runtime.GOMAXPROCS(0))
	c.ConnectTimeout = or(c.ConnectTimeout, 15*time.Second)
	c.HandshakeTimeout = or(c.HandshakeTimeout, 10*time.Second)
	c.PeerTimeout = or(c.PeerTimeout, 120*time.Second)
	if c.Blocked == nil {
		c.Blocked = func(netip.Addr) bool { return false }
	}
	c.Torrent = c.Torrent.over(TorrentConfig{
		PeerID:       newPeerID(),
		UserAgent:    "Shoal/0.1.0",
		MaxPeers:     80,
		UploadSlots:  8,
		SeedOutgoing: On,
		Events:       CheapEvents,
		NewChoker:    NewTitForTat,
		IdleTimeout:  10 * time.Minute,
	})
	return c, nil
}

// over returns c with what it leaves unsaid taken from base.
func (c TorrentConfig) over(base TorrentConfig) TorrentConfig {
	if c.NewChoker == nil {
		c.NewChoker = base.NewChoker
	}
	c.PeerID = or(c.PeerID, base.PeerID)
	c.UserAgent = or(c.UserAgent, base.UserAgent)
	c.MaxPeers = or(c.MaxPeers, base.MaxPeers)
	c.UploadSlots = or(c.UploadSlots, base.UploadSlots)
	c.SeedOutgoing = or(c.SeedOutgoing, base.SeedOutgoing)
	c.Events = or(c.Events, base.Events)
	c.IdleTimeout = or(c.IdleTimeout, base.IdleTimeout)
	return c
}

// or returns v, or otherwise if v is the zero value.
func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
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
