package manager

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

// A Config tunes a Manager. Its zero value is ready for use.
type Config struct {
	// MaxPeers is the number of peers there may be at a time. Zero means 1,000, a
	// negative number means no limit.
	MaxPeers int

	// KeepAlive is how long nothing is sent to a peer until it is sent a keep-alive.
	// Zero means 60 s, a negative number that none are sent.
	KeepAlive time.Duration

	// Timeout is how long a peer may take for one message, in either direction,
	// until it is dropped. Zero means 120 s, a negative number means no limit.
	Timeout time.Duration

	// SendQueue is how many bytes may wait to be sent to each peer, besides those
	// that are being written. Zero or a negative number means 256 KiB. One message
	// fits always.
	SendQueue int

	// ReceiveQueue is how many events may wait for Receive, over all peers. Zero
	// means 100, a negative number means none.
	ReceiveQueue int
}

// withDefaults returns c with its defaults in place of zeros, 0 for what is off.
func (c Config) withDefaults() Config {
	set := func(d *time.Duration, byDefault time.Duration) {
		if *d == 0 {
			*d = byDefault
		}
		*d = max(0, *d)
	}
	set(&c.KeepAlive, 60*time.Second)
	set(&c.Timeout, 120*time.Second)
	if c.MaxPeers == 0 {
		c.MaxPeers = 1000
	}
	if c.SendQueue <= 0 {
		c.SendQueue = 256 << 10
	}
	if c.ReceiveQueue == 0 {
		c.ReceiveQueue = 100
	}
	c.ReceiveQueue = max(0, c.ReceiveQueue)
	return c
}

// PeerInfo is what the handshake told of a peer. A Manager only remembers it.
type PeerInfo struct {
	Addr     netip.AddrPort
	Swarm    swarm.ID
	ID       swarm.PeerID
	Reserved [8]byte
}

// An Event is something that a peer of a Manager did.
type Event struct {
	// Peer is the number that Add gave the peer.
	Peer swarm.Peer

	// Message is what the peer sent, if Err is nil. Keep-alives are not reported.
	// Its Data is the receiver's.
	Message peerwire.Message

	// Err says why the peer is gone. It is a *PeerError, and the last event of the
	// peer.
	Err error
}

// A Manager speaks with many peers at once, for programs that have no engine. It
// sends keep-alives, drops peers that are silent or break the protocol, and hands
// on what the others send.
//
// It holds at most one message of each peer besides the queues: a peer whose
// messages nobody receives is not read from. A message is never longer than the
// peer's Limits allow.
//
// All methods may be called from many goroutines at once.
type Manager struct {
	config     Config
	events     chan peerEvent
	closed     chan struct{}
	goroutines sync.WaitGroup // of the goroutines of peers
	unknown    atomic.Int64

	mu         sync.Mutex
	isClosed   bool // closed is
	lastNumber swarm.Peer
	active     int // peers whose goroutines run
	peers      map[swarm.Peer]*peer
}

// A peerEvent is an event and whose it is.
type peerEvent struct {
	peer  *peer
	event Event
}

// New returns a Manager without peers. It is to be closed after use.
func New(c Config) *Manager {
	c = c.withDefaults()
	return &Manager{
		config: c,
		events: make(chan peerEvent, c.ReceiveQueue),
		closed: make(chan struct{}),
		peers:  map[swarm.Peer]*peer{},
	}
}

// Add takes in a connection on which both handshakes were made, and returns the
// number under which the Manager knows the peer. Numbers are not used again. From
// then on the connection is the Manager's, which closes it when the peer is gone.
//
// The error matches ErrTooManyPeers, or net.ErrClosed after Close; the connection
// is the caller's then.
func (m *Manager) Add(c net.Conn, info PeerInfo, l peerwire.Limits) (swarm.Peer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.isClosed {
		return 0, fmt.Errorf("manager: %w", net.ErrClosed)
	}
	if m.config.MaxPeers >= 0 && m.active >= m.config.MaxPeers {
		return 0, fmt.Errorf("manager: %w", ErrTooManyPeers)
	}
	m.lastNumber++
	m.active++
	p := newPeer(m, m.lastNumber, c, info, l)
	m.peers[p.number] = p
	m.goroutines.Go(p.writeLoop)
	m.goroutines.Go(func() {
		p.readLoop()
		m.mu.Lock()
		defer m.mu.Unlock()
		m.active--
	})
	return p.number, nil
}

// Remove closes the connection to a peer. What waits to be sent is not sent. After
// it has returned, Receive yields no event of the peer. The error is a *PeerError
// that matches ErrPeerNotFound.
func (m *Manager) Remove(number swarm.Peer) error {
	p, err := m.peer(number)
	if err != nil {
		return err
	}
	p.removed.Store(true)
	p.close(nil)
	return nil
}

// Send queues a message for a peer and copies what it needs of it. While the peer's
// queue is full it waits, until ctx is done. A Send that returned nil means that the
// message will be sent if the peer stays; Drain waits until it is. The error is that
// of the context, or a *PeerError that matches ErrPeerNotFound.
func (m *Manager) Send(ctx context.Context, number swarm.Peer, msg peerwire.Message) error {
	p, err := m.peer(number)
	if err != nil {
		return err
	}
	return p.send(ctx, msg)
}

// Drain waits until everything that was queued for a peer before the call was
// handed to its connection. Its errors are those of Send.
func (m *Manager) Drain(ctx context.Context, number swarm.Peer) error {
	p, err := m.peer(number)
	if err != nil {
		return err
	}
	return p.drain(ctx)
}

// Receive waits for the next event of any peer. Events of one peer come in order. A
// peer that is lost is reported with its last event; one that was removed is not.
// The error is that of the context, or matches net.ErrClosed after Close.
func (m *Manager) Receive(ctx context.Context) (Event, error) {
	for {
		select {
		case <-m.closed:
			return Event{}, fmt.Errorf("manager: %w", net.ErrClosed)
		case <-ctx.Done():
			return Event{}, context.Cause(ctx)
		case e := <-m.events:
			if !e.peer.removed.Load() {
				return e.event, nil
			}
		}
	}
}

// SetLimits replaces the limits of what a peer may send, as when the geometry of its
// torrent becomes known. They hold for what is decoded from now on. The error is a
// *PeerError that matches ErrPeerNotFound.
func (m *Manager) SetLimits(number swarm.Peer, l peerwire.Limits) error {
	p, err := m.peer(number)
	if err != nil {
		return err
	}
	p.reader.SetLimits(l)
	return nil
}

// Info returns what Add was told of a peer. It reports false for one that is gone.
func (m *Manager) Info(number swarm.Peer) (PeerInfo, bool) {
	p, err := m.peer(number)
	if err != nil {
		return PeerInfo{}, false
	}
	return p.info, true
}

// Peers returns the numbers of the peers that are there, in the order in which they
// came. The slice is the caller's.
func (m *Manager) Peers() []swarm.Peer {
	m.mu.Lock()
	defer m.mu.Unlock()
	numbers := make([]swarm.Peer, 0, len(m.peers))
	for n := range m.peers {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return numbers
}

// Unknown returns the number of messages of unknown kind that peers sent, and that
// were skipped.
func (m *Manager) Unknown() int64 {
	return m.unknown.Load()
}

// Close closes all connections and waits until nothing of the Manager runs any more.
// Events that were not received are lost. It returns nil, also when called again.
func (m *Manager) Close() error {
	m.mu.Lock()
	if !m.isClosed {
		m.isClosed = true
		close(m.closed)
	}
	peers := make([]*peer, 0, len(m.peers))
	for _, p := range m.peers {
		peers = append(peers, p)
	}
	m.mu.Unlock()
	for _, p := range peers {
		p.close(nil)
	}
	m.goroutines.Wait()
	return nil
}

// peer returns the peer with a number.
func (m *Manager) peer(number swarm.Peer) (*peer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.peers[number]
	if !ok {
		return nil, &PeerError{Peer: number, Err: ErrPeerNotFound}
	}
	return p, nil
}

// removePeer takes a peer out of the map.
func (m *Manager) removePeer(number swarm.Peer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.peers, number)
}
