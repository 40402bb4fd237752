package conns

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/disk"
	"github.com/shoal-bt/shoal/engine/internal/memory"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
)

// An Owner is the torrent that a connection belongs to.
type Owner interface {
	ID() swarm.ID         // for logs
	PeerID() swarm.PeerID // what it calls itself
	Store() *disk.Store

	// Post hands an Input to the torrent's turn, and Join hands over a connection
	// that has shaken hands: the turn must find it by its Peer before it applies
	// Joined. The caller is a task of the torrent.
	Post(protocol.Input)
	Join(*Conn, protocol.Joined)

	// BeginTask makes the caller a task, which ends with EndTask; it reports false
	// when the torrent is being closed. AddTask does so in a turn.
	BeginTask() bool
	AddTask()
	EndTask()

	// Closing reports whether the torrent is being closed. Context ends then.
	Closing() bool
	Context() context.Context

	// Blocked says that an address was not dialed because it is blocked.
	Blocked(netip.Addr)
}

// A Config is what the connections of an engine have in common. All fields are set.
type Config struct {
	Memory           *memory.Memory
	Logger           *slog.Logger
	Dial             func(ctx context.Context, network, address string) (net.Conn, error)
	Listeners        []net.Listener
	MaxConns         int // negative means no limit
	HalfOpen         int // dials under way, and handshakes of others
	ConnectTimeout   time.Duration
	HandshakeTimeout time.Duration
	PeerTimeout      time.Duration // of a write that the peer does not take

	// Find returns the torrent of a swarm.
	Find func(swarm.ID) (Owner, bool)

	// Blocked reports whether an address may not be talked to. OnBlocked says that
	// such an address dialed us.
	Blocked   func(netip.Addr) bool
	OnBlocked func(netip.Addr)

	// OnFailed says that a peer dialed us and that the handshake failed.
	OnFailed func(netip.AddrPort, error)
}

// Sockets are the connections of an engine: what they have in common, and how many
// there are.
type Sockets struct {
	Config
	peers atomic.Uint64 // the last number given to a peer
	open  atomic.Int64
}

// NewSockets returns Sockets without a connection.
func NewSockets(c Config) *Sockets { return &Sockets{Config: c} }

// Open returns the number of connections, those included that are being made.
func (s *Sockets) Open() int64 { return s.open.Load() }

// acquire counts one more connection; it reports false if there are too many.
func (s *Sockets) acquire() bool {
	n := s.open.Add(1)
	if s.MaxConns > 0 && n > int64(s.MaxConns) {
		s.release()
		return false
	}
	return true
}

// release ends the count of a connection.
func (s *Sockets) release() { s.open.Add(-1) }

// ours returns our side of the handshake in one of a torrent's swarms. It leaves the bit
// handshake.V2 of a hybrid's v1 swarm unset: a peer would answer it with the v2 hash in
// order to request hashes, which we do not send, and nothing else would differ. Peers
// that want the v2 swarm find us there.
// https://www.bittorrent.org/beps/bep_0052.html (section "upgrade path")
func ours(t Owner, id swarm.ID) handshake.Handshake {
	return handshake.Handshake{
		Reserved: handshake.Bits(handshake.Fast, handshake.Extended),
		InfoHash: id,
		PeerID:   t.PeerID(),
	}
}

// AddrPort returns the IP address and port of a socket address; the zero AddrPort if it
// has none.
func AddrPort(a net.Addr) netip.AddrPort {
	t, ok := a.(*net.TCPAddr)
	if ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	ap, _ := netip.ParseAddrPort(a.String())
	return ap
}
