package engine

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
)

// An event is something that happened outside: messages, a verdict, a call, a tick.
type event interface{ apply(now time.Time, s *state) }

// state is the protocol state of one torrent. It does no I/O, reads no clock
// and starts no goroutine: events go in, effects come out.
type state struct {
	cfg        *TorrentConfig
	wait       time.Duration // Config.PeerTimeout
	first      *Spec         // what Add was given, until the check at the start is over
	swarms     []swarm.ID
	geo        *swarm.Geometry // shared with the Torrent
	n          int             // pieces
	lanes      int             // pieces to have hashed side by side
	minSection int             // blocks of a part, at least
	memory     *quota

	newPicker func() swarm.Picker
	picker    swarm.Picker // noPicker while nothing is to be asked for

	// Together they take as much as each of them would between larger ones.
	port                  uint16
	phase                 Phase
	bySection             bool // pieces are so long that they are checked part by part
	paused                bool // by the user: no running after the check that is under way
	completedReported     bool // had every piece when it was added
	completedUnannounced  bool // the sources have not heard of the last piece
	repick                bool // blocks may be free to pick that were not before
	idle                  bool
	used                  bool // since it was added
	noPeersReported       bool // NoPeers was reported
	nothingWantedReported bool // NothingWanted was reported

	err     error
	lateErr error // of the Storage, after Close began
	start   time.Time
	have    swarm.Bitfield
	haveN   int
	left    int64
	round   int // of checks of stored pieces
	checked int
	toCheck int
	wrong   int
	wasted  int64

	*workingSet     // nil between the turns of a torrent that has none
	buffersOut  int // buffers with verifiers and the store

	book    book
	statsAt time.Time // next StatsTick
	idleAt  time.Time // when the torrent comes to rest, if nothing happens until then
	waiters []waiter

	recheckDone chan error     // who waits for the end of a check, if anyone
	toRead      swarm.Bitfield // what is to be checked when all is written; nil for nothing

	traffic            *traffic // nil before the first connection
	baseDown, baseUp   int64    // of former runs
	sinceDown, sinceUp int64    // when Started was told last

	deadline time.Time // of the next tick; zero for none
}

// traffic is what went over the connections of a torrent.
type traffic struct {
	down, up, protoDown, protoUp meter
	gone                         sums // of connections that ended
}

// sums are totals of connections.
type sums struct{ down, downAll, up, upAll int64 }

func (a *sums) add(t *tally) {
	a.down += t.down.Load()
	a.downAll += t.downAll.Load()
	a.up += t.up.Load()
	a.upAll += t.upAll.Load()
}

// totals returns the sums of all connections so far.
func (s *state) totals() sums {
	var total sums
	if s.traffic != nil {
		total = s.traffic.gone
	}
	for _, p := range s.peers {
		total.add(p.tally)
	}
	return total
}

// A waiter is a call of Wait or Await.
type waiter struct {
	piece int // -1 for all
	done  chan error
}

var (
	// ErrClosed is the error of calls to a torrent or an engine that is closed.
	ErrClosed = errors.New("engine: closed")

	errUseless   = errors.New("neither side has what the other wants")
	errDuplicate = errors.New("second connection to the same peer")
	errSelf      = errors.New("connection to ourselves")
	errFull      = errors.New("too many connections")
	errNotNow    = errors.New("the torrent is paused")
	errTimeout   = errors.New("silent for too long")
	errLied      = errors.New("sent wrong bytes")
	errBanned    = errors.New("banned on request")
	errAsked     = errors.New("removed on request")
	errIdle      = errors.New("no interest on either side")
)

func newState(now time.Time, spec *Spec, geo *swarm.Geometry, cfg *TorrentConfig, purse *quota) *state {
	s := &state{
		cfg: cfg, first: spec, swarms: spec.Swarms, geo: geo, n: spec.Geometry.Pieces(), memory: purse,
		lanes: spec.Lanes, bySection: checksBySection(spec, purse.budget), minSection: minSectionLen,
		newPicker: spec.NewPicker, picker: noPicker{}, paused: spec.Paused,
		wait:     120 * time.Second,
		start:    now,
		baseDown: spec.Downloaded, baseUp: spec.Uploaded,
	}
	s.attach()
	s.have = swarm.NewBitfield(s.n)
	for i := range s.n {
		s.left += int64(s.geo.PieceLen(i))
	}
	return s
}

// begin is the first event: what is held on trust, what is to be checked.
func (s *state) begin(now time.Time) {
	for i := range s.n {
		if s.first.Have.Has(i) {
			s.markHeld(i)
			if s.cfg.Events&OnHeld != 0 { // else it would be made for nothing
				s.report(Held{s.id(), i})
			}
		}
	}
	s.completedReported = s.complete()
	s.phase = PhaseChecking
	if s.first.Check.Count() > 0 {
		s.toCheck = s.first.Check.Count()
		s.do(readStored{s.first.Check, s.round})
		return
	}
	s.added(now)
}

// added ends the check at the start.
func (s *state) added(now time.Time) {
	if s.first != nil { // a later check starts from the pieces alone
		s.restoreSpilled(s.first.Spilled)
		s.first = nil
	}
	s.submitPads()
	s.completedReported = s.complete()
	s.report(Added{s.id(), s.haveN, s.n, s.have.Clone()})
	if s.paused {
		s.phase = PhasePaused
		s.report(Paused{s.id()})
		return
	}
	s.run(now)
}

// run lets the torrent talk to others.
func (s *state) run(now time.Time) {
	s.phase, s.err = PhaseRunning, nil
	s.noPeersReported, s.nothingWantedReported = false, false
	total := s.totals()
	s.sinceDown, s.sinceUp = total.down, total.up
	s.do(announce{event: swarm.Started})
	s.announceCompleted()
	if s.cfg.Events&OnStats != 0 {
		s.statsAt = now.Add(time.Second)
	}
	s.startPicker()
	s.answerWaiters()
}

func (s *state) id() swarm.ID   { return s.swarms[0] }
func (s *state) complete() bool { return s.haveN == s.n }
func (s *state) do(e effect)    { s.effects = append(s.effects, e) }
func (s *state) active() bool   { return s.phase == PhaseRunning }
func (s *state) report(ev Event) {
	if s.cfg.Events&ev.Kind() != 0 {
		s.do(emit{ev})
	}
}

// hold notes that a piece is checked and written.
func (s *state) markHeld(piece int) {
	if s.have.Has(piece) {
		return
	}
	s.have.Set(piece)
	s.haveN++
	s.left -= int64(s.geo.PieceLen(piece))
	s.picker.Held(piece)
}

// lose notes that blocks of a piece are missing; nil for all.
func (s *state) markMissing(piece int, blocks []int) {
	if s.have.Has(piece) {
		if s.complete() {
			s.book.retrySeeds(s.start)
		}
		s.have.Clear(piece)
		s.haveN--
		s.left += int64(s.geo.PieceLen(piece))
	}
	if s.hasPicker() {
		s.picker.Lose(piece, blocks)
	} else {
		s.startPicker()
	}
	s.repick = true
}

// send puts a message into the peer's buffer, which the turn flushes.
func (s *state) send(now time.Time, p *peerState, m peerwire.Message) {
	p.out = m.AppendTo(p.out)
	p.lastSent = now
	s.markDirty(p)
}

func (s *state) markDirty(p *peerState) {
	if !p.isDirty {
		p.isDirty = true
		s.dirty = append(s.dirty, p)
	}
}

// settle ends a turn: what the events together ask for is done once.
func (s *state) settle(now time.Time) {
	if s.repick && s.active() {
		s.repick = false
		for _, p := range s.order {
			s.requestBlocks(now, p)
		}
	}
	s.readOn()
	s.dialPeers(now)
	s.updateIdle(now)
	s.deadline = s.nextDeadline()
}

// nextDeadline returns when the state wants a tick; zero for never.
func (s *state) nextDeadline() (next time.Time) {
	dial := s.book.due
	if !s.mayDial() {
		dial = time.Time{}
	}
	for _, t := range [...]time.Time{s.chokeAt, s.scanAt, s.statsAt, s.idleAt, dial} {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	return next
}

// notify answers those who wait.
func (s *state) answerWaiters() {
	s.waiters = slices.DeleteFunc(s.waiters, func(w waiter) bool {
		switch {
		case w.piece < 0 && s.complete() || w.piece >= 0 && s.have.Has(w.piece):
			w.done <- nil
		case s.phase == PhaseFailed:
			w.done <- s.err
		case s.phase == PhaseClosed:
			w.done <- ErrClosed
		default:
			return false
		}
		return true
	})
}

// stop ends all connections and announces it; the phase is the new one.
func (s *state) stop(now time.Time, phase Phase, why error) {
	wasRunning := s.active()
	s.phase = phase
	for _, p := range slices.Clone(s.order) {
		s.closePeer(now, p, why)
	}
	s.stopPicker()
	s.chokeAt, s.statsAt = time.Time{}, time.Time{}
	if wasRunning {
		s.do(announce{event: swarm.Stopped})
	}
	s.answerWaiters()
}

// fail stops the torrent with an error that only its user can mend.
func (s *state) fail(now time.Time, err error) {
	if s.phase == PhaseClosed {
		s.lateErr = errors.Join(s.lateErr, err)
	}
	if s.phase == PhaseClosed || s.phase == PhaseFailed {
		return
	}
	s.err = err
	s.stop(now, PhaseFailed, err)
	s.dropMemory()
	s.report(Failed{s.id(), err})
}

// ban keeps an address out from now on; why ends its connections.
func (s *state) ban(now time.Time, addr netip.Addr, why error) {
	if s.book.ban(addr) {
		s.report(PeerBanned{s.id(), addr})
	}
	s.dropBlocksFrom(addr)
	for _, p := range slices.Clone(s.order) {
		if p.addr.Addr() == addr {
			s.closePeer(now, p, why)
		}
	}
}
