package conns

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/engine/internal/disk"
	"github.com/shoal-bt/shoal/engine/internal/memory"
	"github.com/shoal-bt/shoal/handshake"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/protocol/budget"
	"github.com/shoal-bt/shoal/protocol/places"
	"github.com/shoal-bt/shoal/swarm"
)

// An Owner is the torrent that a connection belongs to.
type Owner interface {
	ID() swarm.ID         // for logs
	PeerID() swarm.PeerID // what it calls itself
	HasDHT() bool         // whether peers hear that there is a node of the DHT
	Store() *disk.Store
	Uploads() *budget.Share // of the memory of blocks on their way to peers

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

// A Config is what the connections of an engine have in common. All fields are set, if
// they do not say otherwise.
type Config struct {
	Memory      *memory.Memory
	Logger      *slog.Logger
	Connector   *connect.Connector // of all dials and handshakes
	Listeners   []net.Listener
	Places      places.Limits // of connections; zero fields mean their defaults
	Handshakes  int           // of those who dialed us, under way; negative means no limit
	PeerTimeout time.Duration // of a write that the peer does not take

	// Find returns the torrent of a swarm.
	Find func(swarm.ID) (Owner, bool)

	// OnBlocked says that an address dialed us that may not be talked to.
	OnBlocked func(netip.Addr)

	// OnFailed says that a peer dialed us and that the handshake failed.
	OnFailed func(netip.AddrPort, error)
}

// Sockets are the connections of an engine: what they have in common, and how many
// there are.
type Sockets struct {
	Config
	peers atomic.Uint64 // the last number given to a peer

	mu     sync.Mutex
	count  places.Count // of connections, those included that we are dialing
	joined map[*Conn]struct{}

	replacements places.Replacements
}

// NewSockets returns Sockets without a connection.
func NewSockets(c Config) *Sockets {
	c.Places = c.Places.Defaults()
	return &Sockets{Config: c, joined: make(map[*Conn]struct{})}
}

// Open returns the number of connections, those included that we are dialing.
func (s *Sockets) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count.Len()
}

// mayJoin reports whether there is a place for one more connection that dialed us, or one
// that another has to give up.
func (s *Sockets) mayJoin(addr netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit := s.count.Exceeds(s.Places, addr, false)
	mayReplace := s.replacements.May(time.Now(), limit, addr) && s.leastUsed(limit, addr) != nil
	return limit == places.None || mayReplace
}

// acquire takes a place for a connection that dialed us. If there is none, the connection
// that was unused for longest is closed, of any torrent. It reports false if all are
// in use.
func (s *Sockets) acquire(addr netip.Addr) bool {
	for {
		unused, ok := s.tryAcquire(addr)
		if unused == nil {
			return ok
		}
		unused.closeBecause(places.ErrUnused)
	}
}

// tryAcquire takes a place, or returns the connection to close first; nil if there is none.
func (s *Sockets) tryAcquire(addr netip.Addr) (unused *Conn, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit := s.count.Exceeds(s.Places, addr, false)
	if limit == places.None {
		s.count.Add(addr, false)
		return nil, true
	}
	unused = s.leastUsed(limit, addr)
	if unused != nil && !s.replacements.Take(time.Now(), limit, addr) {
		unused = nil
	}
	return unused, false
}

// acquireOutgoing takes a place for a connection that we dial, or says which limit is
// exceeded.
func (s *Sockets) acquireOutgoing(addr netip.Addr) places.Limit {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit := s.count.Exceeds(s.Places, addr, true)
	if limit == places.None {
		s.count.Add(addr, true)
	}
	return limit
}

// leastUsed returns the connection that was unused for longest, if that is long enough
// to give its place up to addr; nil for none. The States decide what is useful. The caller
// holds the lock.
func (s *Sockets) leastUsed(limit places.Limit, addr netip.Addr) (least *Conn) {
	now := time.Now()
	for c := range s.joined {
		if !limit.Covers(addr, c.addr, c.outgoing) {
			continue
		}
		if least == nil || c.tally.Unused(now) > least.tally.Unused(now) {
			least = c
		}
	}
	if least == nil || least.tally.Unused(now) < places.MinUnused {
		return nil
	}
	return least
}

// release gives the place of a connection back that did not join.
func (s *Sockets) release(addr netip.Addr, outgoing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count.Remove(addr, outgoing)
}

// enter lists a connection that has shaken hands, and leave takes it out and gives its
// place back.
func (s *Sockets) enter(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.joined[c] = struct{}{}
}

func (s *Sockets) leave(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count.Remove(c.addr, c.outgoing)
	delete(s.joined, c)
}

// ours returns our side of the handshake in one of a torrent's swarms. It leaves the bit
// handshake.V2 of a hybrid's v1 swarm unset: a peer would answer it with the v2 hash in
// order to request hashes, which we do not send, and nothing else would differ. Peers
// that want the v2 swarm find us there.
// https://www.bittorrent.org/beps/bep_0052.html (section "upgrade path")
func ours(t Owner, id swarm.ID) handshake.Handshake {
	bits := handshake.Bits(handshake.Fast, handshake.Extended)
	if t.HasDHT() {
		bits = bits.With(handshake.DHT)
	}
	return handshake.Handshake{Reserved: bits, InfoHash: id, PeerID: t.PeerID()}
}
