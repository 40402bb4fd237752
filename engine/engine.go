package engine

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/disk"
	"github.com/shoal-bt/shoal/engine/internal/memory"
	"github.com/shoal-bt/shoal/engine/internal/schedule"
	"github.com/shoal-bt/shoal/swarm"
)

// ErrDuplicate says that the engine has a torrent of that swarm already.
var ErrDuplicate = errors.New("engine: the torrent is there already")

// An Engine runs torrents. Its methods may be called from many goroutines.
type Engine struct {
	cfg       Config
	budget    *budget
	uploads   *memory.Uploads
	verifiers *verifiers
	checks    disk.Limit                // bounds the torrents that are being checked
	deadlines *schedule.Queue[*Torrent] // next ticks
	announcer *announcer
	dialer    *dialer
	acceptor  *acceptor
	hub       hub
	peers     atomic.Uint64 // the last number given to a peer
	conns     atomic.Int64  // sockets of peers

	mu       sync.Mutex
	torrents map[swarm.ID]*Torrent // by each of their swarms
	order    []*Torrent
	closed   bool
	done     chan struct{}
}

// New makes an engine and lets its listeners accept. Close ends it.
func New(c Config) (*Engine, error) {
	cfg, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &Engine{
		cfg:       cfg,
		budget:    newBudget(cfg.Memory),
		uploads:   memory.NewUploads(cfg.UploadMemory),
		verifiers: newVerifiers(cfg.Verifiers),
		checks:    disk.Limit{Max: mostChecks},
		torrents:  make(map[swarm.ID]*Torrent),
		done:      make(chan struct{}),
	}
	e.deadlines = schedule.NewQueue[*Torrent](e.tick)
	e.announcer = newAnnouncer(e)
	e.dialer = newDialer(e)
	e.acceptor = newAcceptor(e)
	return e, nil
}

// Add adds a torrent and begins with it. The engine owns the Spec's parts from
// now on and closes the Storage, also when Add fails.
func (e *Engine) Add(spec Spec) (*Torrent, error) {
	if err := spec.validate(); err != nil {
		return nil, e.refuse(spec, fmt.Errorf("engine: %w", err))
	}
	cfg := &e.cfg.Torrent
	if spec.Config != nil {
		own := spec.Config.over(*cfg)
		cfg = &own
	}
	t := &Torrent{
		engine: e, ids: slices.Clone(spec.Swarms), geometry: spec.Geometry, storage: spec.Storage,
		verify: spec.Verify, lanes: spec.Lanes, cfg: cfg,
	}
	t.deadline.Value = t
	t.quota = e.budget.open(func() { t.tryPost(refilled{}) }, func() { t.tryPost(reclaim{}) })
	t.state = newState(time.Now(), &spec, &t.geometry, cfg, t.quota)
	t.state.wait = e.cfg.PeerTimeout
	t.state.port = e.Port()
	if err := e.enlist(t); err != nil {
		t.quota.close()
		return nil, e.refuse(spec, err)
	}
	for _, s := range spec.Sources {
		e.announcer.add(t, s, false)
	}
	t.tryPost(beginning{})
	return t, nil
}

type beginning struct{}

func (beginning) apply(now time.Time, s *state) { s.begin(now) }

func (e *Engine) refuse(spec Spec, err error) error {
	if spec.Storage != nil {
		spec.Storage.Close()
	}
	return err
}

func (e *Engine) enlist(t *Torrent) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return ErrClosed
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

// forget takes a torrent out, which is being closed.
func (e *Engine) forget(t *Torrent) {
	e.deadlines.Set(&t.deadline, time.Time{})
	e.announcer.forget(t)
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
		t.tryPost(tick{})
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

// Report hands an event of the caller's to all streams, such as a Warning about
// something that the engine does not see.
func (e *Engine) Report(ev Event) { e.hub.emit(ev) }

// Subscribe returns a stream of the events from now on, of which size may wait;
// zero means 1,024. The first are where the engine listens.
func (e *Engine) Subscribe(size int) *Stream { return e.SubscribeTo(size, nil) }

// SubscribeTo is Subscribe for some of the events, so that others take no room in
// the stream: those for which keep returns true. keep is called by many goroutines
// at once, for every event, and must not block. Nil keeps all.
func (e *Engine) SubscribeTo(size int, keep func(Event) bool) *Stream {
	s := e.hub.subscribe(size, keep)
	if e.cfg.Torrent.Events&OnListening != 0 {
		for _, a := range e.Addrs() {
			s.add(Listening{a})
		}
	}
	return s
}

// PeerID returns what torrents call themselves that have no name of their own.
func (e *Engine) PeerID() swarm.PeerID { return e.cfg.Torrent.PeerID }

// Addrs returns the addresses that the engine listens on.
func (e *Engine) Addrs() (all []netip.AddrPort) {
	for _, l := range e.cfg.Listeners {
		all = append(all, addrOf(l.Addr()))
	}
	return all
}

// Port returns the port of the first listener, which is announced; 0 for none.
func (e *Engine) Port() uint16 {
	if len(e.cfg.Listeners) == 0 {
		return 0
	}
	return addrOf(e.cfg.Listeners[0].Addr()).Port()
}

// Memory returns the number of bytes that blocks take between network and disk,
// or are set aside for them.
func (e *Engine) Memory() int64 { return int64(e.budget.inUse()) * swarm.BlockLen }

// Close closes the listeners and all torrents, and waits until every goroutine
// of the engine has ended. Its error joins those of the torrents.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		<-e.done
		return nil
	}
	e.closed = true
	all := slices.Clone(e.order)
	e.mu.Unlock()
	e.acceptor.close()
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, t := range all {
		wg.Go(func() { errs[i] = t.Close() })
	}
	wg.Wait()
	e.dialer.close()
	e.announcer.close()
	e.deadlines.Close()
	e.verifiers.close()
	e.hub.close()
	close(e.done)
	return errors.Join(errs...)
}

func (e *Engine) nextPeer() swarm.Peer { return swarm.Peer(e.peers.Add(1)) }

// mayConnect counts one more socket, unless there are too many.
func (e *Engine) mayConnect() bool {
	if n := e.conns.Add(1); e.cfg.MaxConns > 0 && n > int64(e.cfg.MaxConns) {
		e.conns.Add(-1)
		return false
	}
	return true
}

// abandon closes a socket that mayConnect counted and that became no conn.
func (e *Engine) abandon(c net.Conn) {
	if c != nil {
		c.Close()
	}
	e.conns.Add(-1)
}
