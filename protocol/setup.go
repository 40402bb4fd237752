package protocol

import (
	"cmp"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A Setup is what a State starts from. The State keeps all of it and changes nothing.
type Setup struct {
	// Swarms are the swarms of the torrent, two for a hybrid; the first is its ID.
	// At least one, at most addressbook.MaxSwarms.
	Swarms []swarm.ID

	// Geometry says how the torrent is cut. It must not change any more.
	Geometry *swarm.Geometry

	// Config tunes the torrent; its zero fields mean the defaults named there. It
	// must not change any more, and several States can share one. Nil means all defaults.
	Config *Config

	// NewPicker makes the torrent's picker. It is called when there are pieces to
	// request, and again after a pause or when a held piece was lost; the picker
	// before is forgotten by then. It must not call the State.
	NewPicker func() swarm.Picker

	// Memory is the torrent's share of the buffers; nil means no limit.
	Memory Memory

	// Port is where we accept connections; 0 means nowhere.
	Port uint16

	// PeerTimeout ends a connection on which nothing came. Zero means 120 s.
	PeerTimeout time.Duration

	// Lanes is the number of pieces that are hashed side by side; zero means 1.
	Lanes int

	// Sections says that long pieces may be checked section by section
	// (Check.Section). It has an effect only if Lanes is more than 1.
	Sections bool

	// Have are pieces that are held and taken on trust. Check are pieces that may be
	// stored and are checked first. Nil means none.
	Have, Check swarm.Bitfield

	// Spilled are blocks of incomplete pieces that are stored: block numbers by piece.
	Spilled map[int][]int

	// Uploaded and Downloaded are the payload bytes of former runs.
	Uploaded, Downloaded int64

	// Paused says that the torrent waits for Resume once it is checked.
	Paused bool
}

// A Config tunes one torrent.
type Config struct {
	// PeerID is what we call ourselves (https://www.bittorrent.org/beps/bep_0020.html).
	PeerID swarm.PeerID

	// UserAgent is the name and version that peers see
	// (https://www.bittorrent.org/beps/bep_0010.html, "handshake message").
	UserAgent string

	// MaxPeers is the number of connections. Zero means 80, negative means no limit.
	// When all are in use, the peer that gave and took nothing for longest goes if
	// somebody new comes.
	MaxPeers int

	// MaxPeersPerAddr is how many of MaxPeers one address may have, and
	// MaxPeersPerNetwork how many an IPv4 /24 or an IPv6 /64. Loopback, private and
	// link-local addresses may have ten times as many. Zero means a sixteenth of
	// MaxPeers, but 2 at least, and a quarter of it, but 4 at least, once half of
	// MaxPeers are in use. Negative means no limit.
	MaxPeersPerAddr, MaxPeersPerNetwork int

	// OutgoingPeers is how many of MaxPeers are kept for peers that we dial, while
	// there are addresses to dial. Zero means a quarter of MaxPeers, negative means none.
	OutgoingPeers int

	// UploadSlots is the number of peers that may request blocks at the same time.
	// Zero means 8, negative means no limit.
	UploadSlots int

	// SeedOutgoing says whether a complete torrent dials peers. Unset means On.
	SeedOutgoing Switch

	// Events are the kinds of events to report. Zero means CheapEvents.
	Events EventMask

	// NewChoker makes the torrent's Choker, again after nobody was connected for a
	// while. Nil means NewTitForTat.
	NewChoker func() Choker

	// IdleTimeout ends a connection on which neither side was interested in the
	// other for so long. Zero means 10 minutes, negative means never.
	IdleTimeout time.Duration
}

// A Switch is a boolean with a third state: not set.
type Switch uint8

// The states of a Switch.
const (
	Unset Switch = iota
	On
	Off
)

// Or returns c with its zero fields taken from base.
func (c Config) Or(base Config) Config {
	if c.NewChoker == nil {
		c.NewChoker = base.NewChoker
	}
	c.PeerID = cmp.Or(c.PeerID, base.PeerID)
	c.UserAgent = cmp.Or(c.UserAgent, base.UserAgent)
	c.MaxPeers = cmp.Or(c.MaxPeers, base.MaxPeers)
	c.MaxPeersPerAddr = cmp.Or(c.MaxPeersPerAddr, base.MaxPeersPerAddr)
	c.MaxPeersPerNetwork = cmp.Or(c.MaxPeersPerNetwork, base.MaxPeersPerNetwork)
	c.OutgoingPeers = cmp.Or(c.OutgoingPeers, base.OutgoingPeers)
	c.UploadSlots = cmp.Or(c.UploadSlots, base.UploadSlots)
	c.SeedOutgoing = cmp.Or(c.SeedOutgoing, base.SeedOutgoing)
	c.Events = cmp.Or(c.Events, base.Events)
	c.IdleTimeout = cmp.Or(c.IdleTimeout, base.IdleTimeout)
	return c
}

// complete reports whether every field is set that DefaultConfig sets.
func (c *Config) complete() bool {
	return c.MaxPeers != 0 && c.UploadSlots != 0 && c.SeedOutgoing != Unset &&
		c.Events != 0 && c.NewChoker != nil && c.IdleTimeout != 0
}

// DefaultConfig returns the defaults of all fields. PeerID and UserAgent stay zero, and so
// do those whose default is a part of MaxPeers.
func DefaultConfig() Config {
	return Config{
		MaxPeers:     80,
		UploadSlots:  8,
		SeedOutgoing: On,
		Events:       CheapEvents,
		NewChoker:    NewTitForTat,
		IdleTimeout:  10 * time.Minute,
	}
}
