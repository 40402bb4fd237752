package magnet

import (
	"cmp"
	"errors"
	"log/slog"
	"net/netip"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/magnet/fetch"
	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/swarm"
)

const defaultMaxPeers = 40

// Options say what to fetch and how. They are read once.
type Options struct {
	// HashV1 and HashV2 are the info hashes of the link. A zero one is not given; at
	// least one must be. The metadata must fit each that is given, and peers are looked
	// for in the swarm of each.
	HashV1 [20]byte
	HashV2 [32]byte

	// Connector dials and shakes hands. It also hands over the connections that peers
	// make to us. It is the one that the engine uses, and stays open. Required.
	Connector *connect.Connector

	PeerID    swarm.PeerID // what we call ourselves; the engine must use the same
	Port      uint16       // where we accept connections; 0 for nowhere
	UserAgent string       // name and version of the program, for peers; empty for none
	Reqq      int          // the open requests that the torrent will accept of a peer; 0 is not said

	// Interested says that a torrent will download as soon as the metadata is there. Peers
	// that have pieces then hear that we are interested a little before, which saves a round
	// trip.
	Interested bool

	// NoPEX says that peers are not asked for the addresses of other peers.
	NoPEX bool

	// DHTPort returns the UDP port of the user's node of the DHT, 0 for none, and may change: a new
	// port is noticed within a minute. Peers that have a node hear of it. OnDHTNode gets the nodes
	// that peers name as their own, at most one a minute from each connection
	// (https://www.bittorrent.org/beps/bep_0005.html). Both are called as OnProgress is; nil means
	// no node, and that nobody wants any.
	DHTPort   func() uint16
	OnDHTNode func(netip.AddrPort)

	// Peers are addresses that the user or the link named. Sources find more.
	Peers   []swarm.Address
	Sources []swarm.PeerSource

	// MaxSize is the longest metadata that is fetched, in bytes. Zero means 64 MiB, a
	// negative number 1 GiB. At most twice as much is held at a time, whatever peers claim.
	MaxSize int

	// MaxPeers is the number of connections, those that are being made included. Zero
	// means 40, a negative number no limit. An address and a network have a share of them,
	// as in a torrent.
	MaxPeers int

	// OnProgress gets each change of the progress; nil means that nobody is interested. It
	// is called on the goroutine of Run and must not block.
	OnProgress func(Progress)

	// OnEvent gets what becomes of peers: report.PeerConnected, PeerLost, PeerFailed and
	// PeerBanned, with the first swarm as their Torrent. A connection of the Result is not
	// lost. OnReply gets what each call of a source brought. Both are called as OnProgress is.
	OnEvent func(report.Event)
	OnReply func(Reply)

	Logger *slog.Logger // gets why connections ended, at level Debug; nil means no log
}

var (
	errNoHash      = errors.New("magnet: no info hash is given; set HashV1 or HashV2")
	errNoConnector = errors.New("magnet: no Connector is given; set Options.Connector to that of the engine, or to connect.New(connect.Options{})")
)

// withDefaults returns o with its defaults, or an error if a field is missing.
func (o Options) withDefaults() (Options, error) {
	switch {
	case o.HashV1 == [20]byte{} && o.HashV2 == [32]byte{}:
		return o, errNoHash
	case o.Connector == nil:
		return o, errNoConnector
	}
	o.MaxPeers = cmp.Or(o.MaxPeers, defaultMaxPeers)
	o.MaxSize = cmp.Or(o.MaxSize, fetch.DefaultMaxSize)
	if o.DHTPort == nil {
		o.DHTPort = func() uint16 { return 0 }
	}
	if o.OnDHTNode == nil {
		o.OnDHTNode = func(netip.AddrPort) {}
	}
	if o.OnProgress == nil {
		o.OnProgress = func(Progress) {}
	}
	if o.OnEvent == nil {
		o.OnEvent = func(report.Event) {}
	}
	if o.OnReply == nil {
		o.OnReply = func(Reply) {}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// swarms returns the swarms of the link: v1 first, as metainfo.Info.IDs does.
func (o Options) swarms() (ids []swarm.ID) {
	if o.HashV1 != [20]byte{} {
		ids = append(ids, o.HashV1)
	}
	if o.HashV2 != [32]byte{} {
		ids = append(ids, swarm.ID(o.HashV2[:20]))
	}
	return ids
}

// ours returns our handshake in a swarm. It has the bits that the engine sets, because the
// torrent goes on with the connection. hasDHT says that there is a node of the DHT.
func (o Options) ours(id swarm.ID, hasDHT bool) handshake.Handshake {
	bits := handshake.Bits(handshake.Fast, handshake.Extended)
	if hasDHT {
		bits = bits.With(handshake.DHT)
	}
	return handshake.Handshake{Reserved: bits, InfoHash: id, PeerID: o.PeerID}
}
