package dhtnode

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/client/events"
	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/swarm"
)

// A Config says how a Source works. It does not change.
type Config struct {
	// Node tunes the node. Its sockets are used if there are any, and stay the caller's.
	Node dht.Config

	// Addrs returns where the client accepts peers. Without any the node is read-only.
	Addrs func() []netip.AddrPort

	// Path is the file that ids and nodes are saved in; empty for none. TakePath reports whether
	// it is ours alone: if not, only the nodes are loaded, and nothing is saved.
	Path     string
	TakePath func() bool

	// SetPort gets the port at which others may ask the node; 0 for none. Report gets what
	// happens. Neither may block.
	SetPort func(port uint16)
	Report  func(events.Event)

	// Announces is how many calls of Announce may wait for the node; at least 1.
	Announces int
}

// A Source is a swarm.PeerSource for all torrents of a client. It opens the node when one of
// them needs it. Its methods may be called concurrently, except that calls of Announce for one
// swarm must not overlap.
type Source struct {
	config  Config
	places  places
	names   names
	status  status
	context context.Context // done when the Source closes
	cancel  context.CancelFunc
	running sync.WaitGroup // grows only while not closed

	mu     sync.Mutex       // guards what follows; held while the node is opened, saved and closed
	node   *dht.Node        // nil while it is not open
	conns  []net.PacketConn // of the node, that are ours
	isOurs bool             // Path is
	kept   bool             // the application has the node, so Suspend does nothing
	closed bool
}

// New returns a Source whose node is not open yet.
func New(c Config) *Source {
	s := &Source{config: c}
	s.places.max = max(c.Announces, 1)
	s.context, s.cancel = context.WithCancel(context.Background())
	return s
}

// String names the source.
func (s *Source) String() string { return "DHT" }

const (
	seedAfter = 5 * time.Second // a torrent that is complete is announced as a seed
	retryOpen = time.Minute     // after the node could not be opened
	retryIn   = 5 * time.Second // a call that began earlier does not try another node
	retrySeed = 5 * time.Minute // of a complete torrent, if no node answers
)

// Announce implements swarm.PeerSource. If too many calls wait for the node, it returns at once
// with the time at which there should be a place, so that calls of trackers need not wait for
// the DHT.
func (s *Source) Announce(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	answer := swarm.Answer{Next: dht.AnnounceEvery, Seeds: -1, Leechers: -1}
	err := ctx.Err()
	switch {
	case err != nil:
		return answer, context.Cause(ctx)
	case a.Event == swarm.Stopped: // the DHT has no message for that
		return answer, nil
	case a.Event == swarm.Completed: // nor for that, and a torrent that closes would wait for the call
		answer.Next = seedAfter
		return answer, nil
	}
	isSeed := a.Left == 0
	began := time.Now()
	wait := s.places.take(began, isSeed)
	if wait > 0 {
		answer.Next = wait
		return answer, nil
	}
	defer func() { s.places.release(began, time.Now(), isSeed) }()
	node, err := s.Node(false)
	if err != nil {
		answer.Next = retryOpen
		return answer, err
	}
	answer, err = node.Announce(ctx, a, found)
	if errors.Is(err, dht.ErrClosed) && time.Since(began) < retryIn {
		node, err = s.replace(node)
		if err != nil {
			answer.Next = retryOpen
			return answer, err
		}
		answer, err = node.Announce(ctx, a, found)
	}
	if err != nil && isSeed {
		answer.Next = max(answer.Next, retrySeed)
	}
	s.saveChanges()
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return answer, err
}

// Node returns the node, and opens it if it is not open or has failed. keep says that the
// application has it from now on, so that only Close ends it.
func (s *Source) Node(keep bool) (*dht.Node, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, dht.ErrClosed
	}
	if s.status.hasFailed() { // its socket
		s.closeLocked()
	}
	if s.node == nil {
		err := s.openLocked()
		if err != nil {
			return nil, err
		}
	}
	s.kept = s.kept || keep
	return s.node, nil
}

// openLocked opens the node. The caller holds mu.
func (s *Source) openLocked() error {
	c := s.config.Node
	var err error
	if c.Conn4 == nil && c.Conn6 == nil {
		c.Conn4, c.Conn6, err = s.listen()
	}
	if err != nil {
		s.status.failed(err)
		return err
	}
	c.ReadOnly = c.ReadOnly || len(s.config.Addrs()) == 0
	c.Saved = s.load(c.Saved)
	c.Nodes = slices.Concat(c.Nodes, s.names.opened()) // the first 50 are asked, so those of the user come first
	user := c.OnEvent
	c.OnEvent = func(e dht.Event) {
		s.handle(e)
		if user != nil {
			user(e)
		}
	}
	s.status.opened(c.Conn4, c.Conn6)
	s.node, err = dht.Open(c)
	if err != nil {
		s.names.closeNode(false)
		s.closeConns()
		s.status.failed(err)
		return err
	}
	if !c.ReadOnly {
		s.config.SetPort(s.status.port())
	}
	return nil
}

// replace returns another node than one whose socket has failed. After Suspend there is none.
func (s *Source) replace(failed *dht.Node) (*dht.Node, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.node {
	case nil:
		return nil, dht.ErrClosed
	case failed:
		s.closeLocked()
		err := s.openLocked()
		if err != nil {
			return nil, err
		}
	}
	return s.node, nil
}

// Suspend closes the node until the next announce, because no torrent needs it.
func (s *Source) Suspend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.kept {
		s.closeLocked()
	}
}

// Close closes the node and saves what it knows. Calls that are under way end with an error.
func (s *Source) Close() error {
	s.cancel()
	s.mu.Lock()
	s.closed = true
	err := s.closeLocked()
	s.names.closeNode(true)
	s.mu.Unlock()
	s.running.Wait()
	return err
}

// closeLocked saves what the node knows, and closes it. The caller holds mu.
func (s *Source) closeLocked() error {
	if s.node == nil {
		return nil
	}
	err := s.saveLocked()
	s.node.Close()
	s.node = nil
	s.names.closeNode(false)
	s.config.SetPort(0)
	s.closeConns()
	s.status.closed()
	return err
}
