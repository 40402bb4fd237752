package swarmsim

import (
	"cmp"
	"math/rand/v2"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
)

// A Kind is how a peer behaves.
type Kind uint8

// The kinds of peers. All but Honest run a protocol.State too, and break the rules in
// what they send.
const (
	Honest        Kind = iota // keeps to the protocol
	FreeRider                 // unchokes nobody
	WrongBytes                // says that it has every piece, and sends wrong bytes
	FalseHaves                // sends HAVEs for pieces that it does not have
	UnaskedBlocks             // sends wrong blocks that nobody requested
	Staller                   // says that it has every piece, unchokes, and sends no block
	Flooder                   // sends Peer.Flood four times a second on each connection
	Reconnecter               // closes its connections after a second, and dials four times a second under any peer id
	Quitter                   // has every piece, closes a connection after half a piece, and dials again
	NonReader                 // requests 2,000 blocks and takes none after the first 256 KiB

	lastKind = NonReader
)

// String returns the kind in two words at most.
func (k Kind) String() string {
	return [...]string{"honest", "free rider", "wrong bytes", "false haves", "unasked blocks", "staller", "flooder",
		"reconnecter", "quitter", "non-reader"}[k]
}

// MarshalText returns the same as String.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// claimsAll reports whether the peer says that it has every piece.
func (k Kind) claimsAll() bool { return k == WrongBytes || k == Staller || k == Quitter }

// breaksRules reports whether the peer does something every violationEvery.
func (k Kind) breaksRules() bool {
	return k == UnaskedBlocks || k == Flooder || k == Reconnecter || k == Quitter || k == NonReader
}

// A Link is how a peer is connected to the network.
type Link struct {
	// Up and Down are rates in bytes per second. Up zero means 1,000,000, Down zero
	// means four times Up.
	Up, Down int64

	// Delay is the time that one message takes from this peer to another whose
	// Delay is the same; between two others it is the mean of both. Zero means 20
	// ms, and less than 1 ms counts as 1 ms.
	Delay time.Duration

	// SlowStart says that a connection begins with 10 segments of 1,460 bytes of blocks under
	// way from this peer, and may have twice as many after each round trip, as TCP does
	// (https://www.rfc-editor.org/rfc/rfc6928). No segment is ever lost.
	SlowStart bool
	// Lifetime is the mean time after which a connection that this peer accepted
	// is lost. Zero means never.
	Lifetime time.Duration
}

func (l Link) withDefaults() Link {
	l.Up = cmp.Or(l.Up, 1_000_000)
	l.Down = cmp.Or(l.Down, 4*l.Up)
	l.Delay = max(cmp.Or(l.Delay, 20*time.Millisecond), time.Millisecond)
	return l
}

// A Peer is one participant of a Sim. The zero value is an honest peer that arrives at
// the start with nothing, and stays.
type Peer struct {
	// Group names peers that are alike, for reports.
	Group string

	Kind Kind
	Link Link

	// Seed says that the peer has every piece when it arrives.
	Seed bool

	// Priorities has a priority for each piece, from 0, not wanted, to 7; nil means 4 for all.
	// The peer has everything when it has what it wants, and is a partial seed then.
	// Sequential says that it begins pieces of the same priority in the order of their
	// indices. Both are for pickers that can (swarm.Prioritizer, swarm.Sequencer).
	Priorities []uint8
	Sequential bool
	// Reader reads the torrent while it comes; nil for none. It needs a picker that can take
	// deadlines (swarm.Prioritizer).
	Reader *Reader

	// Arrive is when the peer comes, from the start. Leave is how long it stays
	// after that, and Linger how long after its last piece came in; zero means for
	// ever.
	Arrive, Leave, Linger time.Duration

	// Knows are peers that it knows when it arrives, by index in Sim.Peers, as if a user had
	// named them. Those that are not there yet are dialed again later.
	Knows []int

	// Config tunes the peer's State. A zero PeerID means a random one, and other zero
	// fields mean the defaults of protocol.Config. UserAgent and Events are not used.
	// With Extensions that speak from outside of their calls (extension.Torrent.Say), equal
	// Sims may have other Results.
	Config protocol.Config

	// NewPicker makes the peer's picker, whose random choices follow from seed. Nil
	// means piecepicker.NewRarest.
	NewPicker func(g swarm.Geometry, seed uint64) swarm.Picker

	// Memory is for blocks on their way to the disk, in bytes: at least
	// 512 KiB. Zero means 64 MiB.
	Memory int64

	// HashRate and DiskRate are in bytes per second. Zero means 1,000,000,000 and
	// 200,000,000.
	HashRate, DiskRate int64

	// WrongShare is the share of the blocks of a WrongBytes peer that are wrong,
	// more than 0 and at most 1. Zero means all.
	WrongShare float64

	// Flood returns the messages, encoded, that a Flooder sends on a connection in addition
	// to what its State sends, four times a second unless the last ones still wait. It must
	// depend on the Burst alone, and may return nil. Nil means 50 small messages: requests,
	// cancels, repeated HAVEs and changes of interest.
	Flood func(b Burst) []byte
}

// A Burst is what a Flood may know. Nothing of it may be kept.
type Burst struct {
	Number     int // of the bursts on this connection, from 0
	Geometry   swarm.Geometry
	Random     *rand.Rand
	Choked     bool                // by the other side
	Extensions peerwire.Extensions // of the other side; nil if it has not said
}

func (p Peer) withDefaults() Peer {
	p.Link = p.Link.withDefaults()
	p.Memory = cmp.Or(p.Memory, 64<<20)
	p.HashRate = cmp.Or(p.HashRate, 1_000_000_000)
	p.DiskRate = cmp.Or(p.DiskRate, 200_000_000)
	p.WrongShare = cmp.Or(p.WrongShare, 1)
	switch {
	case p.Kind == NonReader:
		p.Flood = manyRequests
	case p.Flood == nil:
		p.Flood = smallMessages
	}
	if p.NewPicker == nil {
		p.NewPicker = rarest
	}
	if p.Kind == FreeRider {
		p.Config.NewChoker = func() protocol.Choker { return unchokeNone{} }
		p.Config.AllowedFast = protocol.Off
	}
	return p
}

// downloads reports whether the peer wants the torrent, and nothing else.
func (p *Peer) downloads() bool {
	return !p.Seed && (p.Kind == Honest || p.Kind == FreeRider)
}
