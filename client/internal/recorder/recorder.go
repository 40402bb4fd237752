// Package recorder keeps the record of a torrent up to date while it changes.
//
// In come notes that something was written, and orders to save now; out go changes to a
// resume.Keeper, at most one save in an interval. Not here: what a record says, which the
// functions of a Config answer, and where it is stored.
package recorder

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// A Config is what a Recorder works with. Its functions may be called while the record is
// being saved.
type Config struct {
	Keeper   *resume.Keeper
	Interval time.Duration // from a write to the save; negative means never

	// State returns the pieces that are held, the blocks that are stored of
	// other pieces, and a change to the rest of the record. It asks the engine.
	State    func() (swarm.Bitfield, map[int][]int, func(*resume.Totals))
	Checking func() bool // stored pieces are being checked
	Warn     func(error) // gets errors for which no caller waits

	// Held and Spilled are the pieces and the blocks that the record lists already.
	Held    swarm.Bitfield
	Spilled map[int][]int

	Selection resume.Selection // that the record has already
}

// New makes a recorder. Saves begin with Start.
func New(c Config) *Recorder {
	return &Recorder{Config: c, held: c.Held, spilled: c.Spilled, selection: c.Selection}
}

// BlocksByPiece returns the blocks that are stored of partial pieces, nil for none.
func BlocksByPiece(all []resume.Spill) map[int][]int {
	if len(all) == 0 {
		return nil
	}
	m := make(map[int][]int, len(all))
	for _, s := range all {
		m[s.Piece] = s.Blocks
	}
	return m
}

// A Recorder keeps the record of one torrent up to date. It has a timer and no
// goroutine, so a torrent to which nothing is written costs nothing. The methods that
// a storage calls accept a nil Recorder, which records nothing. Its methods may be called
// concurrently.
type Recorder struct {
	Config Config // as given to New; not to be changed

	saveMu  sync.Mutex     // held while a record is saved; guards what follows
	held    swarm.Bitfield // as reported to keeper
	spilled map[int][]int  // the same
	// selection is what the user wants, as reported to keeper.
	selection resume.Selection

	timerMu   sync.Mutex  // guards what follows; not held during I/O
	timer     *time.Timer // nil before the first save is scheduled
	started   bool        // the engine has the torrent, so state can be asked
	scheduled bool        // a save is to come
	wrote     bool        // something was written since the last save began
	stopped   bool
}

// Start lets saves begin, and begins to wait for one that is scheduled.
func (r *Recorder) Start() {
	if r == nil {
		return
	}
	r.timerMu.Lock()
	defer r.timerMu.Unlock()
	if r.scheduled && !r.started {
		r.startTimer()
	}
	r.started = true
}

// startTimer has save called after the interval. The caller holds timerMu.
func (r *Recorder) startTimer() {
	if r.timer == nil {
		r.timer = time.AfterFunc(r.Config.Interval, r.save)
	} else {
		r.timer.Reset(r.Config.Interval)
	}
}

// ScheduleSave is called after each write. The save comes after the interval, so that
// many pieces share one sync.
func (r *Recorder) ScheduleSave() {
	if r == nil {
		return
	}
	r.timerMu.Lock()
	defer r.timerMu.Unlock()
	r.wrote = true
	r.scheduleLocked()
}

// ScheduleAgain schedules a save that looks for what the last one was too early for. A
// torrent may become idle before it.
func (r *Recorder) ScheduleAgain() {
	if r == nil {
		return
	}
	r.timerMu.Lock()
	defer r.timerMu.Unlock()
	r.scheduleLocked()
}

// scheduleLocked schedules a save. The caller holds timerMu.
func (r *Recorder) scheduleLocked() {
	if r.Config.Interval < 0 || r.scheduled || r.stopped {
		return
	}
	r.scheduled = true
	if r.started {
		r.startTimer()
	}
}

// SavePending reports whether anything was written since the last save began.
func (r *Recorder) SavePending() bool {
	r.timerMu.Lock()
	defer r.timerMu.Unlock()
	return r.wrote
}

// save is called by the timer.
func (r *Recorder) save() {
	r.saveMu.Lock()
	defer r.saveMu.Unlock()
	r.timerMu.Lock()
	wrote, stopped := r.wrote, r.stopped
	r.scheduled, r.wrote = false, false
	r.timerMu.Unlock()
	if stopped {
		return
	}
	// Two things do not trigger a save: a piece that is not held yet although it is
	// written, and a piece that a check finds. So look again after each write, and until
	// a check has ended; it may end as soon as the engine was asked what is held.
	again := r.Config.Checking() || wrote
	changed := r.reportChanges()
	err := r.Config.Keeper.Flush()
	if err != nil {
		r.Config.Warn(fmt.Errorf("saving the record: %w", err))
	}
	if again || changed || err != nil {
		r.ScheduleAgain()
	}
}

// FlushNow saves now instead of later. It reports false if the save failed, or if more
// may follow.
func (r *Recorder) FlushNow() bool {
	r.saveMu.Lock()
	defer r.saveMu.Unlock()
	r.timerMu.Lock()
	if !r.started {
		r.timerMu.Unlock()
		return false
	}
	if r.timer != nil {
		r.timer.Stop()
	}
	r.scheduled, r.wrote = false, false
	r.timerMu.Unlock()
	checking := r.Config.Checking() // before the engine is asked what is held
	r.reportChanges()
	if err := r.Config.Keeper.Flush(); err != nil || checking {
		r.ScheduleAgain()
		return false
	}
	return true
}

// Select has the next save say what the user wants, also one that Own causes.
func (r *Recorder) Select(s resume.Selection) {
	if r != nil {
		r.Config.Keeper.Update(func(t *resume.Totals) { t.Selection = s })
	}
}

// SaveNow saves before it returns, unless saves have been stopped.
func (r *Recorder) SaveNow() error {
	if r == nil {
		return nil
	}
	r.saveMu.Lock()
	defer r.saveMu.Unlock()
	r.timerMu.Lock()
	stopped := r.stopped
	r.timerMu.Unlock()
	if stopped {
		return nil
	}
	r.reportChanges()
	if err := r.Config.Keeper.Flush(); err != nil {
		return fmt.Errorf("saving the record: %w", err)
	}
	return nil
}

func sameSelection(a, b resume.Selection) bool {
	return a.Sequential == b.Sequential && a.FirstLast == b.FirstLast && (a.Files == nil) == (b.Files == nil) &&
		slices.Equal(a.Files, b.Files) && slices.Equal(a.Pieces, b.Pieces) && maps.EqualFunc(a.Deadlines, b.Deadlines, time.Time.Equal)
}

// Stop stops the timer. It waits for a save that is under way.
func (r *Recorder) Stop() {
	if r == nil {
		return
	}
	r.saveMu.Lock()
	defer r.saveMu.Unlock()
	r.timerMu.Lock()
	defer r.timerMu.Unlock()
	r.stopped = true
	if r.timer != nil {
		r.timer.Stop()
	}
}

// Restart undoes stop.
func (r *Recorder) Restart() {
	r.timerMu.Lock()
	r.stopped = false
	r.timerMu.Unlock()
	r.ScheduleSave()
}

// Close saves the last record. storage is the error of closing the storage, or nil.
func (r *Recorder) Close(storage error) error {
	if r == nil {
		return nil
	}
	r.saveMu.Lock()
	defer r.saveMu.Unlock()
	if !r.reportChanges() {
		_, _, update := r.Config.State()
		if worthSaving(r.Config.Keeper.Record().Totals, update) {
			r.Config.Keeper.Update(update)
		}
	}
	return r.Config.Keeper.Close(storage)
}

// Own lists paths as ours before they are made.
func (r *Recorder) Own(paths []string) error {
	if r == nil {
		return nil
	}
	return r.Config.Keeper.Own(paths)
}

// Disown takes back what Own listed.
func (r *Recorder) Disown(paths []string) {
	if r != nil {
		r.Config.Keeper.Disown(paths)
	}
}

// Abandon closes the record of a torrent that was never started; it stays as it is.
func (r *Recorder) Abandon() error {
	if r == nil {
		return nil
	}
	return r.Config.Keeper.Close(nil)
}

// reportChanges tells the keeper which pieces and blocks came and went since the last
// call, and reports whether any did. If what the user wants has changed, it has that saved as well. The
// caller holds saveMu.
func (r *Recorder) reportChanges() (changed bool) {
	held, spilled, update := r.Config.State()
	for b := range held {
		if held[b] == r.held[b] {
			continue
		}
		changed = true
		for i := b * 8; i < b*8+8; i++ {
			switch now := held.Has(i); {
			case now && !r.held.Has(i):
				r.Config.Keeper.Wrote(i)
			case !now && r.held.Has(i):
				r.Config.Keeper.Lost(i)
			}
		}
	}
	for piece, blocks := range r.spilled {
		if !held.Has(piece) && len(spilled[piece]) < len(blocks) {
			r.Config.Keeper.Lost(piece)
			changed = true
		}
	}
	for piece, blocks := range spilled {
		if !slices.Equal(blocks, r.spilled[piece]) {
			r.Config.Keeper.Spilled(piece, blocks...)
			changed = true
		}
	}
	r.held, r.spilled = held, spilled
	var totals resume.Totals
	update(&totals)
	isSame := sameSelection(totals.Selection, r.selection)
	r.selection = totals.Selection
	if changed || !isSame {
		r.Config.Keeper.Update(update)
	}
	return changed
}

// worthSaving reports whether an update changes what is worth a write. A seed that
// nobody downloaded from leaves its record alone.
func worthSaving(before resume.Totals, update func(*resume.Totals)) bool {
	after := before
	update(&after)
	return after.Uploaded != before.Uploaded || after.Downloaded != before.Downloaded || after.Paused != before.Paused ||
		!sameSelection(before.Selection, after.Selection) ||
		!slices.EqualFunc(after.Trackers, before.Trackers, slices.Equal[[]string])
}
