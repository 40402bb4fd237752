package reading

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/swarm"
)

// seenFor is for how long a Set believes what it knows of the engine. So all readers of a torrent
// together need one copy of its bitfield in that time.
const seenFor = 500 * time.Millisecond

// A Torrent is what a Set needs of its torrent, as an *engine.Torrent has it. Its methods may be
// called concurrently.
type Torrent interface {
	ReadAt(p []byte, off int64) (int, error) // matches engine.ErrNoPiece if a piece is missing
	Await(ctx context.Context, piece int) error
	Pieces() swarm.Bitfield
	Deadlines() map[int]time.Time
	SetDeadlines(changes []engine.Deadline) error
	Prioritize(runs []engine.PriorityRun) error
}

// A Config says what a Set is for.
type Config struct {
	Torrent  Torrent
	Geometry *swarm.Geometry     // must not change
	Priority func(piece int) int // what the user wants; it must not call the Set
	User     map[int]time.Time   // deadlines that the user set in a former run; they are copied
}

// A Set is the readers of a torrent, and when its pieces are needed.
type Set struct {
	config Config

	mu      sync.Mutex // guards what follows; held while the engine takes a change
	readers []*Reader  // in the order in which they were opened
	user    map[int]time.Time
	wished  map[int]*wishes   // by piece; nil for none
	held    swarm.Bitfield    // what the engine said at seen
	sent    map[int]time.Time // deadlines that the engine has
	seen    time.Time         // zero for never

	isUnable bool // the engine takes no deadlines, so pieces come in its own order
}

// New returns a Set without readers.
func New(c Config) *Set {
	s := &Set{config: c, user: maps.Clone(c.User)}
	s.config.User = nil
	return s
}

// SetUser says when the user needs a piece, which the user must want; the zero time takes that
// back. The error is the engine's.
func (s *Set) SetUser(piece int, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.user[piece]
	s.noteUser(piece, at)
	err := s.send(true, piece)
	if err != nil {
		s.noteUser(piece, before)
	}
	return err
}

// noteUser notes when the user needs a piece; the zero time takes that back.
func (s *Set) noteUser(piece int, at time.Time) {
	if at.IsZero() {
		delete(s.user, piece)
		return
	}
	if s.user == nil {
		s.user = make(map[int]time.Time)
	}
	s.user[piece] = at
}

// ClearUser takes the user's deadlines back. The error is the engine's.
func (s *Set) ClearUser() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	pieces := slices.Sorted(maps.Keys(s.user))
	s.user = nil
	return s.send(true, pieces...)
}

// User returns the user's deadlines of pieces that are missing. The map is the caller's. A nil Set has
// none.
func (s *Set) User() map[int]time.Time {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.user) == 0 {
		return nil
	}
	s.forgetHeld(s.config.Torrent.Deadlines())
	return maps.Clone(s.user)
}

// forgetHeld forgets the user's deadlines that the engine has forgotten, because it holds the
// pieces.
func (s *Set) forgetHeld(inEngine map[int]time.Time) {
	maps.DeleteFunc(s.user, func(piece int, _ time.Time) bool {
		_, ok := inEngine[piece]
		return !ok
	})
}

// Prioritize gives pieces other priorities, as Priority says by now. Pieces that the user does not
// want any more lose the user's deadlines, but stay wanted while a reader wishes for them. The error
// is the engine's.
func (s *Set) Prioritize(runs []engine.PriorityRun) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.config.Torrent.Prioritize(runs)
	if err != nil || len(s.user)+len(s.wished) == 0 {
		return err
	}
	var unwanted []int
	for _, r := range runs {
		for piece := r.First; piece <= r.Last && r.Priority == 0; piece++ {
			delete(s.user, piece)
			if s.wished[piece] != nil {
				unwanted = append(unwanted, piece)
			}
		}
	}
	return s.send(true, unwanted...)
}

// wish says when a wisher needs the pieces from first to end, and that it needs no others.
func (s *Set) wish(by *wisher, first, end int, at func(piece int) time.Time, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if by.isGone || s.isUnable {
		return
	}
	s.look(now)
	changed := s.drop(by, first, end)
	for piece := first; piece < end; piece++ {
		if s.held.Has(piece) {
			if s.dropPiece(by, piece) {
				changed = append(changed, piece)
			}
			continue
		}
		_, isSent := s.sent[piece]
		isNew := s.of(piece).wish(by, at(piece), now)
		if isNew || !isSent {
			changed = append(changed, piece)
		}
	}
	by.first, by.end = first, end
	_ = s.send(false, changed...) // Await says what is wrong with the torrent
}

// need says that a wisher waits for a piece, which was missing a moment ago. The error is the
// engine's. renew sends the wish also if the engine should have it.
func (s *Set) need(by *wisher, piece int, now time.Time, renew bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case by.isGone:
		return nil
	case s.isUnable:
		return engine.ErrNotPrioritizer
	}
	s.look(now)
	if by.first == by.end {
		by.first, by.end = piece, piece
	}
	by.first, by.end = min(by.first, piece), max(by.end, piece+1)
	_, isSent := s.sent[piece]
	isNew := s.of(piece).wish(by, now, now)
	if !isNew && isSent && !renew {
		return nil
	}
	return s.send(true, piece)
}

// leave drops all wishes of a wisher, which may not wish again.
func (s *Set) leave(by *wisher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	by.isGone = true
	_ = s.send(false, s.drop(by, 0, 0)...)
	by.first, by.end = 0, 0
}

// drop drops the wishes of a wisher outside of the pieces from first to end, and returns for which
// pieces it had some.
func (s *Set) drop(by *wisher, first, end int) (changed []int) {
	for piece := by.first; piece < by.end; piece++ {
		isOutside := piece < first || piece >= end
		if isOutside && s.dropPiece(by, piece) {
			changed = append(changed, piece)
		}
	}
	return changed
}

// dropPiece drops the wish of a wisher for one piece, and reports whether there was one.
func (s *Set) dropPiece(by *wisher, piece int) bool {
	w := s.wished[piece]
	return w != nil && w.drop(by)
}

// of returns the wishes for a piece.
func (s *Set) of(piece int) *wishes {
	w := s.wished[piece]
	if w != nil {
		return w
	}
	if s.wished == nil {
		s.wished = make(map[int]*wishes)
	}
	w = new(wishes)
	s.wished[piece] = w
	return w
}

// look asks the engine what it has, if that was long ago.
func (s *Set) look(now time.Time) {
	if !s.seen.IsZero() && now.Sub(s.seen) < seenFor {
		return
	}
	s.held = s.config.Torrent.Pieces()
	s.sent = s.config.Torrent.Deadlines() // later, so a piece that comes meanwhile gets one, which the engine ignores
	s.seen = now
	s.forgetHeld(s.sent)
}

// send sends the engine the earliest deadlines of some pieces, if it has others or if all are to
// be sent, and restores the priorities of those that nobody wishes for any more.
func (s *Set) send(all bool, pieces ...int) error {
	var changes []engine.Deadline
	var raised []int
	for _, piece := range pieces {
		at := s.user[piece]
		w := s.wished[piece]
		switch {
		case w == nil:
		case len(w.all) > 0:
			at = earlier(at, w.earliest())
			w.raised = w.raised || s.config.Priority(piece) == 0
		default:
			if w.raised {
				raised = append(raised, piece)
			}
			delete(s.wished, piece)
		}
		if all || !at.Equal(s.sent[piece]) {
			changes = append(changes, engine.Deadline{Piece: piece, At: at})
			s.noteSent(piece, at)
		}
	}
	var err error
	if len(changes) > 0 {
		err = s.config.Torrent.SetDeadlines(changes)
	}
	if err != nil {
		s.seen = time.Time{} // it may have none of them
		s.isUnable = errors.Is(err, engine.ErrNotPrioritizer)
	}
	return errors.Join(err, s.restore(raised))
}

// noteSent notes which deadline the engine has.
func (s *Set) noteSent(piece int, at time.Time) {
	if at.IsZero() {
		delete(s.sent, piece)
		return
	}
	if s.sent == nil {
		s.sent = make(map[int]time.Time)
	}
	s.sent[piece] = at
}

// restore has pieces unwanted again that were wanted only because of wishes, in ascending order.
func (s *Set) restore(pieces []int) error {
	var runs []engine.PriorityRun
	for _, piece := range pieces {
		if s.config.Priority(piece) > 0 {
			continue // the user wants it by now, and the engine knows
		}
		n := len(runs)
		if n > 0 && runs[n-1].Last == piece-1 {
			runs[n-1].Last = piece
		} else {
			runs = append(runs, engine.PriorityRun{First: piece, Last: piece})
		}
	}
	if len(runs) == 0 {
		return nil
	}
	return s.config.Torrent.Prioritize(runs)
}
