package client

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// A recorder keeps the record of one torrent up to date while it runs. It has a
// timer and no goroutine: a torrent to which nothing is written costs nothing.
type recorder struct {
	keeper   *resume.Keeper
	interval time.Duration // negative for never

	// state returns what is held, blocks of pieces that are not whole, and
	// what else to remember.
	state    func() (swarm.Bitfield, map[int][]int, func(*resume.Life))
	checking func() bool // a check of stored pieces is under way
	warn     func(error) // hears of errors that nobody waits for

	arming    sync.Mutex
	timer     *time.Timer // nil before the first write
	scheduled bool
	stopped   bool

	saving  sync.Mutex // held while a record is saved
	held    swarm.Bitfield
	spilled map[int][]int
}

// openRecordFolder returns where the records of the torrents in dir are. They are apart
// by dir, since the same torrent may be kept in two places, and what we own in one
// is not ours in the other.
func openRecordFolder(state, dir string) (*resume.Folder, error) {
	sum := sha256.Sum256([]byte(dir))
	return resume.OpenFolder(filepath.Join(state, "torrents", hex.EncodeToString(sum[:8])))
}

// recordFolder returns where the records of the torrents in dir are, for them to share.
func (c *Client) recordFolder(dir string) (*resume.Folder, error) {
	c.mu.Lock()
	f := c.folders[dir]
	c.mu.Unlock()
	if f != nil {
		return f, nil
	}
	f, err := openRecordFolder(c.config.State, dir)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.folders[dir] = f
	return f, nil
}

// statIn returns what resume and check need to look at files below dir.
func statIn(dir string) func(string) (fs.FileInfo, error) {
	return func(name string) (fs.FileInfo, error) { return os.Lstat(filepath.Join(dir, filepath.FromSlash(name))) }
}

// loadRecord reads a torrent's record. One that is not there, or damaged, is empty: all
// that is found is then checked.
func loadRecord(f *resume.Folder, id swarm.ID) (resume.Record, error) {
	r, err := f.Load(id)
	var damaged *resume.DamageError
	var newer *resume.VersionError
	if errors.Is(err, fs.ErrNotExist) || errors.As(err, &damaged) || errors.As(err, &newer) {
		return resume.Record{}, nil
	}
	return r, err
}

// scheduleSave notes that the storage has new bytes. They are recorded some seconds
// later, so that many pieces take one Sync.
func (r *recorder) scheduleSave() {
	if r == nil || r.interval < 0 {
		return
	}
	r.arming.Lock()
	defer r.arming.Unlock()
	if r.scheduled || r.stopped {
		return
	}
	r.scheduled = true
	if r.timer == nil {
		r.timer = time.AfterFunc(r.interval, r.save)
	} else {
		r.timer.Reset(r.interval)
	}
}

// save is the timer's.
func (r *recorder) save() {
	r.saving.Lock()
	defer r.saving.Unlock()
	r.arming.Lock()
	r.scheduled = false
	ended := r.stopped
	r.arming.Unlock()
	if ended {
		return
	}
	news := r.reportChanges()
	if err := r.keeper.Flush(); err != nil {
		r.warn(fmt.Errorf("saving the record: %w", err))
		news = true
	}
	if news || r.checking() {
		// A write that had not yet become a piece when we looked, and a
		// piece that is found to be there, ring no bell: look again until
		// there is nothing new.
		r.scheduleSave()
	}
}

// flushNow records all that was written so far. It reports false if that is not to be
// had, or if there may be more to come.
func (r *recorder) flushNow() bool {
	r.saving.Lock()
	defer r.saving.Unlock()
	r.arming.Lock()
	if r.timer != nil {
		r.timer.Stop()
	}
	r.scheduled = false
	r.arming.Unlock()
	r.reportChanges()
	if err := r.keeper.Flush(); err != nil || r.checking() {
		r.scheduleSave()
		return false
	}
	return true
}

// savePending reports whether anything was written since the record was last saved, or is
// being saved.
func (r *recorder) savePending() bool {
	r.arming.Lock()
	defer r.arming.Unlock()
	return r.scheduled
}

// restart takes end back.
func (r *recorder) restart() {
	r.arming.Lock()
	r.stopped = false
	r.arming.Unlock()
	r.scheduleSave()
}

// reportChanges tells the keeper what became of the pieces since the last time. The caller
// holds saving.
func (r *recorder) reportChanges() (news bool) {
	held, spilled, life := r.state()
	for b := range held {
		if held[b] == r.held[b] {
			continue
		}
		news = true
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
			news = true
		}
	}
	for piece, blocks := range spilled {
		if !slices.Equal(blocks, r.spilled[piece]) {
			r.keeper.Spilled(piece, blocks...)
			news = true
		}
	}
	r.held, r.spilled = held, spilled
	if news {
		r.keeper.Update(life)
	}
	return news
}

// stop stops the timer, after a save that is under way.
func (r *recorder) stop() {
	if r == nil {
		return
	}
	r.saving.Lock()
	defer r.saving.Unlock()
	r.arming.Lock()
	defer r.arming.Unlock()
	r.stopped = true
	if r.timer != nil {
		r.timer.Stop()
	}
}

// close saves the last record, after the storage was closed with an error or nil.
func (r *recorder) close(storage error) error {
	if r == nil {
		return nil
	}
	r.saving.Lock()
	defer r.saving.Unlock()
	if !r.reportChanges() {
		_, _, life := r.state()
		if worthSaving(r.keeper.Record().Life, life) {
			r.keeper.Update(life)
		}
	}
	return r.keeper.Close(storage)
}

// worthSaving reports whether a change of a life matters enough to write it down: a
// seed that nobody asked for anything leaves its record alone.
func worthSaving(l resume.Life, change func(*resume.Life)) bool {
	before := l
	change(&l)
	return l.Uploaded != before.Uploaded || l.Downloaded != before.Downloaded || l.Paused != before.Paused ||
		!slices.EqualFunc(l.Trackers, before.Trackers, slices.Equal[[]string])
}

// verifySample hashes recorded pieces for resume.Probe.
func verifySample(ctx context.Context, verify func([]swarm.Verdict), s swarm.Storage, blocks func(int) int) func([]int) (bool, error) {
	return func(pieces []int) (bool, error) {
		for _, piece := range pieces {
			if err := ctx.Err(); err != nil {
				return false, context.Cause(ctx)
			}
			batch := []swarm.Verdict{{Piece: piece, Blocks: make([][]byte, blocks(piece)), Stored: s}}
			verify(batch)
			if batch[0].Err != nil {
				return false, batch[0].Err
			}
			if !batch[0].OK {
				return false, nil
			}
		}
		return true, nil
	}
}
