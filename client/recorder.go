package client

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// A recorder keeps the record of one torrent up to date. It has a timer and no
// goroutine, so a torrent to which nothing is written costs nothing. The methods that
// a storage calls accept a nil recorder, which records nothing.
type recorder struct {
	keeper   *resume.Keeper
	interval time.Duration // from a write to the save; negative means never

	// state returns the pieces that are held, the blocks that are stored of
	// other pieces, and a change to the rest of the record. It asks the engine.
	state    func() (swarm.Bitfield, map[int][]int, func(*resume.Totals))
	checking func() bool // stored pieces are being checked
	warn     func(error) // gets errors for which no caller waits

	saveMu  sync.Mutex     // held while a record is saved; guards what follows
	held    swarm.Bitfield // as reported to keeper
	spilled map[int][]int  // the same

	timerMu   sync.Mutex  // guards what follows; not held during I/O
	timer     *time.Timer // nil before the first save is scheduled
	started   bool        // the engine has the torrent, so state can be asked
	scheduled bool        // a save is to come
	wrote     bool        // something was written since the last save began
	stopped   bool
}

// start lets saves begin, and begins to wait for one that is scheduled.
func (r *recorder) start() {
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
func (r *recorder) startTimer() {
	if r.timer == nil {
		r.timer = time.AfterFunc(r.interval, r.save)
	} else {
		r.timer.Reset(r.interval)
	}
}

// scheduleSave is called after each write. The save comes after the interval, so that
// many pieces share one sync.
func (r *recorder) scheduleSave() {
	if r == nil {
		return
	}
	r.timerMu.Lock()
	defer r.timerMu.Unlock()
	r.wrote = true
	r.scheduleLocked()
}

// scheduleAgain schedules a save that looks for what the last one was too early for. A
// torrent may become idle before it.
func (r *recorder) scheduleAgain() {
	if r == nil {
		return
	}
	r.timerMu.Lock()
	defer r.timerMu.Unlock()
	r.scheduleLocked()
}

// scheduleLocked schedules a save. The caller holds timerMu.
func (r *recorder) scheduleLocked() {
	if r.interval < 0 || r.scheduled || r.stopped {
		return
	}
	r.scheduled = true
	if r.started {
		r.startTimer()
	}
}

// savePending reports whether anything was written since the last save began.
func (r *recorder) savePending() bool {
	r.timerMu.Lock()
	defer r.timerMu.Unlock()
	return r.wrote
}

// save is called by the timer.
func (r *recorder) save() {
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
	again := r.checking() || wrote
	changed := r.reportChanges()
	err := r.keeper.Flush()
	if err != nil {
		r.warn(fmt.Errorf("saving the record: %w", err))
	}
	if again || changed || err != nil {
		r.scheduleAgain()
	}
}

// flushNow saves now instead of later. It reports false if the save failed, or if more
// may follow.
func (r *recorder) flushNow() bool {
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
	checking := r.checking() // before the engine is asked what is held
	r.reportChanges()
	if err := r.keeper.Flush(); err != nil || checking {
		r.scheduleAgain()
		return false
	}
	return true
}

// stop stops the timer. It waits for a save that is under way.
func (r *recorder) stop() {
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

// restart undoes stop.
func (r *recorder) restart() {
	r.timerMu.Lock()
	r.stopped = false
	r.timerMu.Unlock()
	r.scheduleSave()
}

// close saves the last record. storage is the error of closing the storage, or nil.
func (r *recorder) close(storage error) error {
	if r == nil {
		return nil
	}
	r.saveMu.Lock()
	defer r.saveMu.Unlock()
	if !r.reportChanges() {
		_, _, update := r.state()
		if worthSaving(r.keeper.Record().Totals, update) {
			r.keeper.Update(update)
		}
	}
	return r.keeper.Close(storage)
}

// reportChanges tells the keeper which pieces and blocks came and went since the last
// call, and reports whether any did. The caller holds saveMu.
func (r *recorder) reportChanges() (changed bool) {
	held, spilled, update := r.state()
	for b := range held {
		if held[b] == r.held[b] {
			continue
		}
		changed = true
		for i := b * 8; i < b*8+8; i++ {
			switch now := held.Has(i); {
			case now && !r.held.Has(i):
				r.keeper.Wrote(i)
			case !now && r.held.Has(i):
				r.keeper.Lost(i)
			}
		}
	}
	for piece, blocks := range r.spilled {
		if !held.Has(piece) && len(spilled[piece]) < len(blocks) {
			r.keeper.Lost(piece)
			changed = true
		}
	}
	for piece, blocks := range spilled {
		if !slices.Equal(blocks, r.spilled[piece]) {
			r.keeper.Spilled(piece, blocks...)
			changed = true
		}
	}
	r.held, r.spilled = held, spilled
	if changed {
		r.keeper.Update(update)
	}
	return changed
}

// worthSaving reports whether an update changes what is worth a write. A seed that
// nobody downloaded from leaves its record alone.
func worthSaving(before resume.Totals, update func(*resume.Totals)) bool {
	after := before
	update(&after)
	return after.Uploaded != before.Uploaded || after.Downloaded != before.Downloaded || after.Paused != before.Paused ||
		!slices.EqualFunc(after.Trackers, before.Trackers, slices.Equal[[]string])
}
