package engine

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/protocol/wanted"
)

// A PriorityRun gives the pieces First to Last, both included, a priority from 0, not wanted,
// to 7; 4 is the default.
type PriorityRun = protocol.PriorityRun

// A Deadline says when a piece is needed; a zero At takes that back.
type Deadline = protocol.Deadline

// wants is what is wanted of a torrent.
type wants struct {
	priorities []uint8
	deadlines  map[int]time.Time
	sequential bool
}

func wantsOf(s *protocol.State) wants {
	return wants{s.Priorities(), s.Deadlines(), s.Sequential()}
}

// Prioritize gives pieces priorities, the runs in order. It works in every phase and returns
// when that is done. The torrent is finished when no piece is missing that has a priority
// above 0. What was requested of pieces that are not wanted any more is cancelled. It fails
// with a *RangeError, and then changes nothing, with ErrNotPrioritizer, and when the torrent
// is closed.
func (t *Torrent) Prioritize(runs []PriorityRun) error {
	err := wanted.Check(runs, t.store.Geometry.Pieces())
	if err != nil {
		return wrap(err)
	}
	ticket := t.newTicket()
	return t.wait(context.Background(), ticket, protocol.Prioritize{Runs: wanted.Flatten(runs), Ticket: ticket})
}

// SetDeadline says when a piece is needed, until it is held; the zero time takes that back. It is
// requested before pieces without a deadline, the nearest deadline first, and again of another
// peer if it would be late. One that is not wanted gets priority 1. It fails as Prioritize does.
func (t *Torrent) SetDeadline(piece int, at time.Time) error {
	return t.SetDeadlines([]Deadline{{Piece: piece, At: at}})
}

// SetDeadlines changes several deadlines at once, as a seek does: what peers are asked for
// follows from all of them together. Of several changes of a piece the last one counts. It keeps
// nothing of changes. It fails as Prioritize does.
func (t *Torrent) SetDeadlines(changes []Deadline) error {
	ticket := t.newTicket()
	return t.wait(context.Background(), ticket, protocol.SetDeadlines{Changes: changes, Ticket: ticket})
}

// ClearDeadlines takes all deadlines back. Priorities stay. It fails when the torrent is closed.
func (t *Torrent) ClearDeadlines() error {
	ticket := t.newTicket()
	return t.wait(context.Background(), ticket, protocol.ClearDeadlines{Ticket: ticket})
}

// SetSequential says whether, of pieces of the same priority, those of a lower index are begun
// first. It fails with ErrNotSequencer, and when the torrent is closed.
func (t *Torrent) SetSequential(on bool) error {
	ticket := t.newTicket()
	return t.wait(context.Background(), ticket, protocol.SetSequential{On: on, Ticket: ticket})
}

// Priorities returns the priority of each piece. While Close is under way, and after it, they
// are those of its beginning. The caller owns the slice.
func (t *Torrent) Priorities() (all []uint8) {
	if !t.query(func(_ time.Time, s *protocol.State) { all = s.Priorities() }) {
		return slices.Clone(t.lastFigures().wants.priorities)
	}
	return all
}

// Deadlines returns by piece when it is needed. The rest is as for Priorities.
func (t *Torrent) Deadlines() (all map[int]time.Time) {
	if !t.query(func(_ time.Time, s *protocol.State) { all = s.Deadlines() }) {
		return maps.Clone(t.lastFigures().wants.deadlines)
	}
	return all
}

// Sequential reports whether, of pieces of the same priority, those of a lower index are begun
// first. The rest is as for Priorities.
func (t *Torrent) Sequential() (on bool) {
	if !t.query(func(_ time.Time, s *protocol.State) { on = s.Sequential() }) {
		return t.lastFigures().wants.sequential
	}
	return on
}
