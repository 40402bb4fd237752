package engine

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shoal-bt/shoal/connect"
	"github.com/shoal-bt/shoal/engine/internal/conns"
	"github.com/shoal-bt/shoal/engine/internal/disk"
	"github.com/shoal-bt/shoal/engine/internal/events"
	"github.com/shoal-bt/shoal/engine/internal/memory"
	"github.com/shoal-bt/shoal/engine/internal/schedule"
	"github.com/shoal-bt/shoal/swarm"
)

// ErrDuplicate says that the engine has a torrent of that swarm already.
var ErrDuplicate = errors.New("engine: the torrent is there already")

// An Engine runs torrents. Its methods may be called from many goroutines.
type Engine struct {
	cfg       Config
	memory    *memory.Memory
	verifiers *disk.Verifiers
	checks    *disk.Checks
	deadlines *schedule.Queue[*Torrent] // of torrents, for their next Tick
	announcer *schedule.Announcer
	sockets   *conns.Sockets
	acceptor  *conns.Acceptor
	connector *connect.Connector
	hub       events.Hub
	dht       dhtPort
	tickets   atomic.Uint64 // the last one given to a call that waits

	ownsConnector bool // it is not Config.Connector

	mu       sync.Mutex
	torrents map[swarm.ID]*Torrent // by each of their swarms
	order    []*Torrent            // in order of adding
	closed   bool                  // Close was called
	done     chan struct{}         // closed when Close is done
}

// New makes an engine and lets its listeners accept. Close ends it.
func New(c Config) (*Engine, error) {
	cfg, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &Engine{
		cfg:       cfg,
		memory:    memory.New(cfg.Memory, cfg.UploadMemory),
		verifiers: disk.NewVerifiers(cfg.Verifiers),
		checks:    disk.NewChecks(cfg.Verifiers),
		announcer: schedule.NewAnnouncer(cfg.Announces),
		connector: cfg.Connector,
		torrents:  make(map[swarm.ID]*Torrent),
		done:      make(chan struct{}),
	}
	if e.connector == nil {
		e.connector, e.ownsConnector = connect.New(cfg.connectOptions()), true
	}
	e.deadlines = schedule.NewQueue[*Torrent](e.tick)
	e.sockets = conns.NewSockets(e.connsConfig())
	e.acceptor = conns.NewAcceptor(e.sockets)
	return e, nil
}

// connsConfig is what the connections need to know of the engine.
func (e *Engine) connsConfig() conns.Config {
	return conns.Config{
		Memory:      e.memory,
		Logger:      e.cfg.Logger,
		Connector:   e.connector,
		Listeners:   e.cfg.Listeners,
		Places:      e.cfg.places(),
		Handshakes:  e.cfg.Handshakes,
		PeerTimeout: e.cfg.PeerTimeout,
		Find:        e.find,
		OnBlocked:   e.reportBlocked,
		OnFailed:    e.reportFailed,
	}
}

// find returns the torrent of a swarm, for a peer that dialed us.
func (e *Engine) find(id swarm.ID) (conns.Owner, bool) {
	t, ok := e.Torrent(id)
	if !ok {
		return nil, false
	}
	return t.owner(), true
}

// reportBlocked reports that an address dialed us that may not.
func (e *Engine) reportBlocked(a netip.Addr) {
	if e.cfg.Torrent.Events&OnPeerBlocked != 0 {
		e.hub.Emit(PeerBlocked{Addr: a})
	}
}

// reportFailed reports that a peer dialed us and that the handshake failed.
func (e *Engine) reportFailed(a netip.AddrPort, err error) {
	if e.cfg.Torrent.Events&OnPeerFailed != 0 {
		e.hub.Emit(PeerFailed{Addr: a, Err: err})
	}
}

// Add adds a torrent and starts it. The engine owns the Spec's parts from
// now on and closes the Storage, also when Add fails.
func (e *Engine) Add(spec Spec) (*Torrent, error) {
	err := spec.validate()
	if err != nil {
		return nil, refuse(spec, fmt.Errorf("engine: %w", err))
	}
	t := newTorrent(e, spec)
	for _, id := range t.ids {
		e.connector.AddSwarm(id)
	}
	err = e.register(t)
	if err != nil {
		t.leaveSwarms()
		t.quota.Close()
		return nil, refuse(spec, err)
	}
	for _, s := range spec.Sources {
		e.announcer.Add(t.owner(), &t.sources, s, false, spec.Announced...)
	}
	t.start(spec.Announced)
	e.startDHT(t)
	return t, nil
}

// refuse closes the Storage of a torrent that is not added.
func refuse(spec Spec, err error) error {
	if spec.Storage != nil {
		spec.Storage.Close()
	}
	return err
}

// register makes a torrent known to others.
func (e *Engine) register(t *Torrent) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return errClosed
	}
	for _, id := range t.ids {
		if e.torrents[id] != nil {
			return fmt.Errorf("%w: %s", ErrDuplicate, id)
		}
	}
	for _, id := range t.ids {
		e.torrents[id] = t
	}
	e.order = append(e.order, t)
	return nil
}

// leaveSwarms takes back that the connector knows the torrent's swarms.
func (t *Torrent) leaveSwarms() {
	for _, id := range t.ids {
		t.engine.connector.RemoveSwarm(id)
	}
}

// unregister takes out a torrent that is being closed.
func (e *Engine) unregister(t *Torrent) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, id := range t.ids {
		delete(e.torrents, id)
	}
	e.order = slices.DeleteFunc(e.order, func(o *Torrent) bool { return o == t })
}

// tick gives a turn to the torrents whose deadline has come.
func (e *Engine) tick() (full bool) {
	now := time.Now()
	for {
		t, ok := e.deadlines.Next(now)
		if !ok {
			return false
		}
		t.tick()
	}
}

// Torrent returns the torrent of a swarm.
func (e *Engine) Torrent(id swarm.ID) (*Torrent, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	t, ok := e.torrents[id]
	return t, ok
}

// Torrents returns all torrents, in order of adding.
func (e *Engine) Torrents() []*Torrent {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.order)
}

// Connector returns what the engine dials and accepts with, for others who look for peers:
// limits and filter then hold for all. It must not be closed by others if Config had none,
// and is closed with the engine then.
func (e *Engine) Connector() *connect.Connector { return e.connector }

// PeerID returns what torrents call themselves that have no name of their own.
func (e *Engine) PeerID() swarm.PeerID { return e.cfg.Torrent.PeerID }

// Addrs returns the addresses that the engine listens on.
func (e *Engine) Addrs() (all []netip.AddrPort) {
	for _, l := range e.cfg.Listeners {
		all = append(all, connect.AddrPort(l.Addr()))
	}
	return all
}

// Port returns the port of the first listener, which is announced; 0 for none.
func (e *Engine) Port() uint16 {
	if len(e.cfg.Listeners) == 0 {
		return 0
	}
	return connect.AddrPort(e.cfg.Listeners[0].Addr()).Port()
}

// Memory returns the number of bytes that blocks take between network and disk,
// or are set aside for them.
func (e *Engine) Memory() int64 { return int64(e.memory.Blocks.InUse()) * swarm.BlockLen }
