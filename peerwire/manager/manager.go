package manager

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

// A Config configures a Manager. The zero value is ready for use.
type Config struct {
	// MaxPeers is how many peers there may be at a time; a lost peer counts until
	// its last event is in the queue. Zero means 1,000, a negative number means no
	// limit.
	MaxPeers int

	// KeepAlive is how long nothing is sent to a peer before a keep-alive is sent,
	// https://www.bittorrent.org/beps/bep_0003.html#peer-protocol. Zero means 60 s,
	// a negative number means that none is sent.
	KeepAlive time.Duration

	// Timeout is how long one message may take, in either direction, before the
	// connection is closed. Zero means 120 s, a negative number means no limit.
	Timeout time.Duration

	// SendQueue is how many bytes may wait to be sent to one peer, those that are
	// being written not included. A longer message waits until the queue is empty.
	// Zero or a negative number means 256 KiB.
	SendQueue int

	// ReceiveQueue is how many events of all peers may wait for Receive. Zero means
	// 100, a negative number means none.
	ReceiveQueue int
}

// withDefaults returns c with each zero replaced by its default. What is off is 0;
// MaxPeers stays negative.
func (c Config) withDefaults() Config {
	c.MaxPeers = cmp.Or(c.MaxPeers, 1000)
	c.KeepAlive = max(0, cmp.Or(c.KeepAlive, 60*time.Second))
	c.Timeout = max(0, cmp.Or(c.Timeout, 120*time.Second))
	c.ReceiveQueue = max(0, cmp.Or(c.ReceiveQueue, 100))
	if c.SendQueue <= 0 {
		c.SendQueue = 256 << 10
	}
	return c
}

// PeerInfo is what is known of a peer when its connection is added. A Manager only
// stores it, for Info.
type PeerInfo struct {
	Addr     netip.AddrPort // of the far end of the connection
	Swarm    swarm.ID       // the info hash of the handshake
	ID       swarm.PeerID   // the peer id of the handshake
	Reserved [8]byte        // the reserved bytes of the handshake
}

// An Event is a message of a peer, or the loss of a peer.
type Event struct {
	// Peer is the number that Add returned for the peer.
	Peer swarm.Peer

	// Message is what the peer sent, if Err is nil. Keep-alives and messages of
	// unknown kind are not reported. Data belongs to the caller of Receive.
	Message peerwire.Message

	// Err is a *PeerError that says why the peer was lost. No event of this peer
	// follows.
	Err error
}

// A Manager keeps connections to many peers. It sends keep-alives, closes connections
// whose peers are silent or break the protocol, and queues what peers send.
//
// Its memory is bounded: beside the queues it holds one message of each peer, which is
// never longer than the peer's Limits allow, and reads no more from a peer until that
// message is received.
//
// All methods may be called by many goroutines at once.
type Manager struct {
	config     Config
	events     chan peerEvent
	closed     chan struct{}  // is closed by Close
	goroutines sync.WaitGroup // two for each peer
	unknown    atomic.Int64   // messages of unknown kind

	mu         sync.Mutex // guards what follows
	isClosed   bool
	lastNumber swarm.Peer // that Add returned
	active     int        // peers whose readLoop runs; bounded by MaxPeers
	peers      map[swarm.Peer]*peer
}

// A peerEvent is an Event with its peer.
type peerEvent struct {
	peer  *peer
	event Event
}

// New returns a Manager without peers. Call Close when it is no longer used.
func New(c Config) *Manager {
	c = c.withDefaults()
	return &Manager{
		config: c,
		events: make(chan peerEvent, c.ReceiveQueue),
		closed: make(chan struct{}),
		peers:  map[swarm.Peer]*peer{},
	}
}

// Add takes over a connection on which both sides have sent their handshake, and
// returns the number of the new peer. Numbers are not reused. l limits what the peer
// may send. The Manager owns the connection from now on, and closes it.
//
// The error matches ErrTooManyPeers, or net.ErrClosed after Close. The caller then
// still owns the connection.
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

// Remove closes the connection to a peer. Messages that wait to be sent are dropped.
// After Remove has returned, Receive returns no event of this peer. The error is a
// *PeerError that matches ErrPeerNotFound.
func (m *Manager) Remove(number swarm.Peer) error {
	p, err := m.peer(number)
	if err != nil {
		return err
	}
	p.removed.Store(true)
	p.close(nil)
	return nil
}

// Send queues a message for a peer. It copies msg.Data. While the peer's queue is
// full, Send waits until there is room or ctx is done. The message is sent if the
// connection lasts; Drain waits for that. The error is the cause of ctx, or a
// *PeerError that matches ErrPeerNotFound.
func (m *Manager) Send(ctx context.Context, number swarm.Peer, msg peerwire.Message) error {
	p, err := m.peer(number)
	if err != nil {
		return err
	}
	return p.send(ctx, msg)
}

// Drain waits until every message that was queued for a peer before the call was
// written to the connection. Its errors are those of Send.
func (m *Manager) Drain(ctx context.Context, number swarm.Peer) error {
	p, err := m.peer(number)
	if err != nil {
		return err
	}
	return p.drain(ctx)
}

// Receive waits for the next event of any peer. The events of one peer come in order.
// The last event of a lost peer says why it was lost; a peer that Remove removed has
// no such event. The error is the cause of ctx, or matches net.ErrClosed after Close.
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

// SetLimits replaces the limits on what a peer may send, for example when the geometry
// of the torrent becomes known. They apply to messages that are decoded from now on.
// The error is a *PeerError that matches ErrPeerNotFound.
func (m *Manager) SetLimits(number swarm.Peer, l peerwire.Limits) error {
	p, err := m.peer(number)
	if err != nil {
		return err
	}
	p.reader.SetLimits(l)
	return nil
}

// Info returns the PeerInfo that Add was given for a peer. It reports false if there is
// no such peer.
func (m *Manager) Info(number swarm.Peer) (PeerInfo, bool) {
	p, err := m.peer(number)
	if err != nil {
		return PeerInfo{}, false
	}
	return p.info, true
}

// Peers returns the numbers of all connected peers, in the order in which they were
// added. The caller owns the slice.
func (m *Manager) Peers() []swarm.Peer {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.peers))
}

// Unknown returns how many messages of unknown kind were received and skipped, from
// all peers.
func (m *Manager) Unknown() int64 {
	return m.unknown.Load()
}

// Close closes all connections and waits until all goroutines of the Manager have
// ended. Events that were not received are lost. It returns nil, also when it is called
// again.
func (m *Manager) Close() error {
	m.mu.Lock()
	if !m.isClosed {
		m.isClosed = true
		close(m.closed)
	}
	peers := slices.Collect(maps.Values(m.peers))
	m.mu.Unlock()
	for _, p := range peers {
		p.close(nil)
	}
	m.goroutines.Wait()
	return nil
}

// peer returns the peer with the given number, or a *PeerError.
func (m *Manager) peer(number swarm.Peer) (*peer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.peers[number]
	if !ok {
		return nil, &PeerError{Peer: number, Err: ErrPeerNotFound}
	}
	return p, nil
}

// removePeer removes a peer from the map.
func (m *Manager) removePeer(number swarm.Peer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.peers, number)
}
