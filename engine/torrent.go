package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/engine/internal/disk"
	"github.com/shoal-bt/shoal/engine/internal/schedule"
	"github.com/shoal-bt/shoal/swarm"
)

// A Torrent is a torrent in an Engine. Its methods may be called from many
// goroutines at once.
type Torrent struct {
	engine   *Engine
	ids      []swarm.ID
	geometry swarm.Geometry
	storage  swarm.Storage
	verify   func([]Verdict)
	lanes    int
	cfg      *TorrentConfig // shared with others; not to be changed
	disk     disk.Limit
	quota    *quota

	// tasks counts the turn and all goroutines that may post to it. It grows
	// only inside a turn, by another task, or under mu while not closing.
	tasks sync.WaitGroup

	mu      sync.Mutex
	mailbox []event
	running bool // a turn is under way
	closing bool
	life    *closeCtx // nil until somebody wants to know when it ends
	end     *closing  // nil until Close begins

	// What follows belongs to the turn.
	batch []event
	state *state
	conns map[swarm.Peer]*conn // nil for none

	announceJobs []*announceJob // the announcer's

	deadline schedule.Entry[*Torrent] // of the next tick; the engine's queue guards it
}

// post hands ev to the torrent, and starts a turn if none is under way. The
// caller is a task of the torrent.
func (t *Torrent) post(ev event) {
	t.mu.Lock()
	t.postLocked(ev)
	t.mu.Unlock()
}

// poke is post for callers that are no task; it reports false once the torrent
// is being closed.
func (t *Torrent) tryPost(ev event) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closing {
		return false
	}
	t.postLocked(ev)
	return true
}

func (t *Torrent) postLocked(ev event) {
	t.mailbox = append(t.mailbox, ev)
	if !t.running {
		t.running = true
		t.tasks.Add(1)
		go t.turn()
	}
}

// enter makes the caller a task of the torrent, unless it is being closed.
func (t *Torrent) beginTask() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closing {
		return false
	}
	t.tasks.Add(1)
	return true
}

// turn applies what is in the mailbox until it is empty. At most one runs.
func (t *Torrent) turn() {
	defer t.tasks.Done()
	for {
		t.mu.Lock()
		t.batch, t.mailbox = t.mailbox, t.batch[:0]
		if len(t.batch) == 0 {
			if t.state.workingSet == nil {
				t.batch, t.mailbox = nil, nil
			}
			t.running = false
			t.mu.Unlock()
			return
		}
		t.mu.Unlock()
		t.state.attach()
		now := time.Now()
		for _, ev := range t.batch {
			ev.apply(now, t.state)
			if b, ok := ev.(*batch); ok {
				b.conn.batches <- b // never full: there are only two
			}
		}
		clear(t.batch)
		t.state.settle(now)
		t.flush()
		t.engine.deadlines.Set(&t.deadline, t.state.deadline)
		if t.state.detach() {
			t.batch, t.conns = nil, nil
		}
	}
}

// flush carries out what the state asks for.
func (t *Torrent) flush() {
	s := t.state
	// Connections begin before they are given anything to send.
	for i := 0; i < len(s.effects); i++ {
		s.effects[i].perform(t)
	}
	clear(s.effects)
	s.effects = s.effects[:0]
	for _, p := range s.dirty {
		if c := t.conns[p.id]; c != nil && !p.closing {
			c.deliver(p)
		}
		p.out, p.serve, p.cancel = p.out[:0], p.serve[:0], p.cancel[:0]
		p.clear, p.isDirty = false, false
	}
	clear(s.dirty)
	s.dirty = s.dirty[:0]
}

// ID returns the first of the torrent's swarms.
func (t *Torrent) ID() swarm.ID { return t.ids[0] }

// Stats returns the figures of this moment; while Close is under way those of its
// beginning, and then the last ones.
func (t *Torrent) Stats() (st Stats) {
	if !t.call(func(now time.Time, s *state) {
		s.readMeters(now)
		st = s.snapshot(now)
	}) {
		return t.lastFigures().stats
	}
	return st
}

// Peers returns the figures of each connection, in order of joining.
func (t *Torrent) Peers() (all []PeerStats) {
	t.call(func(now time.Time, s *state) {
		s.readMeters(now)
		for _, p := range s.order {
			all = append(all, p.stats(s.n))
		}
	})
	return all
}

// Pieces returns the pieces that are held: checked and written, though not
// necessarily synced. While Close is under way they are those that were held when
// it began. The caller owns it.
func (t *Torrent) Pieces() (b swarm.Bitfield) {
	if !t.call(func(_ time.Time, s *state) { b = s.have.Clone() }) {
		return t.lastFigures().pieces.Clone()
	}
	return b
}

// Spilled returns the blocks of pieces that are not whole and that lie in the
// Storage unchecked: block numbers by piece. After Close it has all that came.
func (t *Torrent) Spilled() (m map[int][]int) {
	if !t.call(func(_ time.Time, s *state) { m = s.inStore() }) {
		<-t.end.done
		return t.end.last.spilled
	}
	return m
}

// Sources returns how each source is doing.
func (t *Torrent) Sources() []SourceStats { return t.engine.announcer.stats(t) }

// Wait waits until every piece is held. It fails when the torrent does, when it
// is closed, and when ctx is done.
func (t *Torrent) Wait(ctx context.Context) error { return t.await(ctx, -1) }

// Await waits until one piece is held, and fails as Wait does.
func (t *Torrent) Await(ctx context.Context, piece int) error {
	if piece < 0 || piece >= t.geometry.Pieces() {
		return fmt.Errorf("engine: piece %d: %w", piece, ErrNoPiece)
	}
	return t.await(ctx, piece)
}

// ErrNoPiece says that a torrent has no such piece, or does not hold it.
var ErrNoPiece = errors.New("no such piece here")

func (t *Torrent) await(ctx context.Context, piece int) error {
	done := make(chan error, 1)
	if !t.call(func(_ time.Time, s *state) {
		s.waiters = append(s.waiters, waiter{piece, done})
		s.answerWaiters()
	}) {
		return ErrClosed
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		t.call(func(_ time.Time, s *state) {
			s.waiters = slices.DeleteFunc(s.waiters, func(w waiter) bool { return w.done == done })
		})
		return ctx.Err()
	}
}

// ReadAt reads bytes of pieces that are held. It fails with ErrNoPiece if one of
// them is not.
func (t *Torrent) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off > t.geometry.Length-int64(len(p)) {
		return 0, fmt.Errorf("engine: read of %d bytes at %d: %w", len(p), off, ErrNoPiece)
	}
	if len(p) == 0 {
		return 0, nil
	}
	if !t.beginTask() {
		return 0, ErrClosed
	}
	defer t.tasks.Done()
	missing := -1
	if !t.call(func(now time.Time, s *state) {
		s.noteRead(now)
		for i := int(off / s.geo.PieceLength); i <= int((off+int64(len(p))-1)/s.geo.PieceLength); i++ {
			if !s.have.Has(i) {
				missing = i
				return
			}
		}
	}) {
		return 0, ErrClosed
	}
	if missing >= 0 {
		return 0, fmt.Errorf("engine: piece %d: %w", missing, ErrNoPiece)
	}
	if !t.disk.Acquire(t.context().Done()) {
		return 0, ErrClosed
	}
	defer t.disk.Release()
	n, err := t.storage.ReadAt(p, off)
	if n == len(p) {
		err = nil
	}
	return n, err
}

// Pause ends all connections and announces that we stopped.
func (t *Torrent) Pause() {
	t.call(func(now time.Time, s *state) { s.pause(now) })
}

// Resume ends a pause. A torrent that failed is checked first.
func (t *Torrent) Resume() {
	t.call(func(now time.Time, s *state) { s.resume(now) })
}

// Recheck ends all connections, reads what is stored, and goes on with that. It
// returns when the check is done.
func (t *Torrent) Recheck(ctx context.Context) error {
	done := make(chan error, 1)
	if !t.call(func(now time.Time, s *state) { s.recheck(now, done) }) {
		return ErrClosed
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Announce asks all sources for peers now, or as soon as they allow.
func (t *Torrent) Announce() { t.tryPost(asking{}) }

type asking struct{}

func (asking) apply(_ time.Time, s *state) {
	if s.active() {
		s.do(announce{soon: true, asked: true})
	}
}

// AddSource adds a source of peers, which is asked at once.
func (t *Torrent) AddSource(p swarm.PeerSource) {
	t.call(func(_ time.Time, s *state) { t.engine.announcer.add(t, p, s.active()) })
}

// RemoveSource takes a source out; it is told that we stopped. One whose type
// cannot be compared, such as swarm.List, is not found.
func (t *Torrent) RemoveSource(p swarm.PeerSource) {
	t.call(func(_ time.Time, s *state) { t.engine.announcer.remove(t, p, s.announcement()) })
}

// AddPeers tells the torrent of peers. A private torrent takes only those that a
// user names, so what was found elsewhere must not come here.
func (t *Torrent) AddPeers(peers ...swarm.Address) {
	t.tryPost(found{addrs: slices.Clone(peers)})
}

// RemovePeer ends the connections to an address.
func (t *Torrent) RemovePeer(addr netip.AddrPort) {
	t.call(func(now time.Time, s *state) {
		for _, p := range slices.Clone(s.order) {
			if p.addr == addr {
				s.closePeer(now, p, errAsked)
			}
		}
	})
}

// Ban ends all connections to an address, for good.
func (t *Torrent) Ban(addr netip.Addr) {
	t.call(func(now time.Time, s *state) { s.ban(now, addr.Unmap(), errBanned) })
}

// Close announces that we stopped, ends all connections, writes what is here of
// partial pieces, syncs the Storage and closes it. Its error is the Storage's.
func (t *Torrent) Close() error {
	t.mu.Lock()
	if t.closing {
		t.mu.Unlock()
		<-t.end.done
		return t.end.last.err
	}
	t.closing = true
	t.end = &closing{began: make(chan struct{}), done: make(chan struct{})}
	t.postLocked(ending{})
	t.postLocked(query{func(now time.Time, s *state) { t.saveLast(now, s, nil) }, t.end.began})
	life := t.life
	t.mu.Unlock()
	if life != nil {
		life.stop()
	}
	t.engine.announcer.abort(t)
	t.engine.dialer.forget(t)
	t.tasks.Wait() // from here on nothing runs for the torrent
	t.engine.forget(t)
	s, now := t.state, time.Now()
	s.attach()
	s.dropMemory()
	t.flush()
	err := swarm.Sync(t.storage)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // nothing was ever written
	}
	err = errors.Join(s.lateErr, err, t.storage.Close())
	if err != nil {
		err = fmt.Errorf("engine: closing %s: %w", t.ID(), err)
	}
	t.saveLast(now, s, err)
	t.quota.close()
	if t.cfg.Events&OnRemoved != 0 {
		t.engine.hub.emit(Removed{t.ID()})
	}
	close(t.end.done)
	return err
}

// ending is the last event that comes from outside.
type ending struct{}

func (ending) apply(now time.Time, s *state) {
	s.stop(now, PhaseClosed, ErrClosed)
	if s.toRead != nil { // the check had not begun
		s.toRead = nil
		s.endCheck(ErrClosed)
	}
	s.spillAll()
}
