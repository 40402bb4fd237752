package settings

import (
	"cmp"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/protocol/choking"
	"github.com/shoal-bt/shoal/protocol/extension"
	"github.com/shoal-bt/shoal/protocol/places"
	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/protocol/revealing"
	"github.com/shoal-bt/shoal/swarm"
)

// A Config tunes one torrent.
type Config struct {
	// PeerID is what we call ourselves (https://www.bittorrent.org/beps/bep_0020.html).
	PeerID swarm.PeerID

	// UserAgent is the name and version that peers see
	// (https://www.bittorrent.org/beps/bep_0010.html, "handshake message").
	UserAgent string

	// IPv4 and IPv6 are our addresses, which peers may dial as well. Those that are not
	// public are kept from peers. Zero means that they are not known, or that the program
	// is not bound to one.
	IPv4, IPv6 netip.Addr

	// Extensions make the extensions (https://www.bittorrent.org/beps/bep_0010.html) of
	// each torrent, see package extension. Nil means none.
	Extensions []extension.Maker

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

	// Events are the kinds of events to report. Zero means report.CheapEvents.
	Events report.EventMask

	// NewChoker makes the torrent's Choker, again after nobody was connected for a
	// while. Nil means choking.NewTitForTat.
	NewChoker func() choking.Choker

	// AllowedFast says whether a peer that has next to nothing may download a few pieces
	// while it is choked (https://www.bittorrent.org/beps/bep_0006.html). Unset means On.
	AllowedFast Switch

	// NewRevealer makes what chooses the pieces that a peer is shown, for the number of
	// pieces and a seed of chance. It is for peers that join when every piece is held,
	// and is called again after nobody was connected for a while. Nil means that every piece
	// is shown.
	NewRevealer func(pieces int, seed uint64) revealing.Revealer

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
	if c.Extensions == nil {
		c.Extensions = base.Extensions
	}
	c.IPv4 = cmp.Or(c.IPv4, base.IPv4)
	c.IPv6 = cmp.Or(c.IPv6, base.IPv6)
	if c.NewRevealer == nil {
		c.NewRevealer = base.NewRevealer
	}
	c.PeerID = cmp.Or(c.PeerID, base.PeerID)
	c.UserAgent = cmp.Or(c.UserAgent, base.UserAgent)
	c.MaxPeers = cmp.Or(c.MaxPeers, base.MaxPeers)
	c.MaxPeersPerAddr = cmp.Or(c.MaxPeersPerAddr, base.MaxPeersPerAddr)
	c.MaxPeersPerNetwork = cmp.Or(c.MaxPeersPerNetwork, base.MaxPeersPerNetwork)
	c.OutgoingPeers = cmp.Or(c.OutgoingPeers, base.OutgoingPeers)
	c.UploadSlots = cmp.Or(c.UploadSlots, base.UploadSlots)
	c.SeedOutgoing = cmp.Or(c.SeedOutgoing, base.SeedOutgoing)
	c.AllowedFast = cmp.Or(c.AllowedFast, base.AllowedFast)
	c.Events = cmp.Or(c.Events, base.Events)
	c.IdleTimeout = cmp.Or(c.IdleTimeout, base.IdleTimeout)
	return c
}

// Complete reports whether every field is set that Default sets.
func (c *Config) Complete() bool {
	return c.MaxPeers != 0 && c.UploadSlots != 0 && c.SeedOutgoing != Unset &&
		c.Events != 0 && c.NewChoker != nil && c.IdleTimeout != 0
}

// Places returns the limits of connections.
func (c *Config) Places() places.Limits {
	return places.Limits{
		Total:      c.MaxPeers,
		PerAddr:    c.MaxPeersPerAddr,
		PerNetwork: c.MaxPeersPerNetwork,
		Outgoing:   c.OutgoingPeers,
	}.Defaults()
}

// Default returns the defaults of all fields. PeerID and UserAgent stay zero, and so
// do those whose default is a part of MaxPeers.
func Default() Config {
	return Config{
		MaxPeers:     80,
		UploadSlots:  8,
		SeedOutgoing: On,
		Events:       report.CheapEvents,
		NewChoker:    choking.NewTitForTat,
		IdleTimeout:  10 * time.Minute,
	}
}
