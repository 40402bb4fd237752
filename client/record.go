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
	keeper *resume.Keeper
	every  time.Duration // negative for never

	// holds returns what is held, blocks of pieces that are not whole, and
	// what else to remember.
	holds func() (swarm.Bitfield, map[int][]int, func(*resume.Totals))
	busy  func() bool // a check of stored pieces is under way
	fail  func(error) // hears of errors that nobody waits for

	arming sync.Mutex
	timer  *time.Timer // nil before the first write
	armed  bool
	ended  bool

	saving  sync.Mutex // held while a record is saved
	held    swarm.Bitfield
	spilled map[int][]int
}

// folderFor returns where the records of the torrents in dir are. They are apart
// by dir, since the same torrent may be kept in two places, and what we own in one
// is not ours in the other.
func folderFor(state, dir string) (*resume.Folder, error) {
	sum := sha256.Sum256([]byte(dir))
	return resume.OpenFolder(filepath.Join(state, "torrents", hex.EncodeToString(sum[:8])))
}

// recordsOf returns where the records of the torrents in dir are, for them to share.
func (c *Client) recordsOf(dir string) (*resume.Folder, error) {
	c.mu.Lock()
	f := c.folders[dir]
	c.mu.Unlock()
	if f != nil {
		return f, nil
	}
	f, err := folderFor(c.config.State, dir)
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

// load reads a torrent's record. One that is not there, or damaged, is empty: all
// that is found is then checked.
func load(f *resume.Folder, id swarm.ID) (resume.Record, error) {
	r, err := f.Load(id)
	var damaged *resume.DamageError
	var newer *resume.VersionError
	if errors.Is(err, fs.ErrNotExist) || errors.As(err, &damaged) || errors.As(err, &newer) {
		return resume.Record{}, nil
	}
	return r, err
}

// wrote notes that the storage has new bytes. They are recorded some seconds
// later, so that many pieces take one Sync.
func (r *recorder) wrote() {
	if r == nil || r.every < 0 {
		return
	}
	r.arming.Lock()
	defer r.arming.Unlock()
	if r.armed || r.ended {
		return
	}
	r.armed = true
	if r.timer == nil {
		r.timer = time.AfterFunc(r.every, r.due)
	} else {
		r.timer.Reset(r.every)
	}
}

// due is the timer's.
func (r *recorder) due() {
	r.saving.Lock()
	defer r.saving.Unlock()
	r.arming.Lock()
	r.armed = false
	ended := r.ended
	r.arming.Unlock()
	if ended {
		return
	}
	news := r.note()
	if err := r.keeper.Flush(); err != nil {
		r.fail(fmt.Errorf("saving the record: %w", err))
		news = true
	}
	if news || r.busy() {
		// A write that had not yet become a piece when we looked, and a
		// piece that is found to be there, ring no bell: look again until
		// there is nothing new.
		r.wrote()
	}
}

// settle records all that was written so far. It reports false if that is not to be
// had, or if there may be more to come.
func (r *recorder) settle() bool {
	r.saving.Lock()
	defer r.saving.Unlock()
	r.arming.Lock()
	if r.timer != nil {
		r.timer.Stop()
	}
	r.armed = false
	r.arming.Unlock()
	r.note()
	if err := r.keeper.Flush(); err != nil || r.busy() {
		r.wrote()
		return false
	}
	return true
}

// awaits reports whether anything was written since the record was last saved, or is
// being saved.
func (r *recorder) awaits() bool {
	r.arming.Lock()
	defer r.arming.Unlock()
	return r.armed
}

// goOn takes end back.
func (r *recorder) goOn() {
	r.arming.Lock()
	r.ended = false
	r.arming.Unlock()
	r.wrote()
}

// note tells the keeper what became of the pieces since the last time. The caller
// holds saving.
func (r *recorder) note() (news bool) {
	held, spilled, life := r.holds()
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

// end stops the timer, after a save that is under way.
func (r *recorder) end() {
	if r == nil {
		return
	}
	r.saving.Lock()
	defer r.saving.Unlock()
	r.arming.Lock()
	defer r.arming.Unlock()
	r.ended = true
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
	if !r.note() {
		_, _, life := r.holds()
		if changes(r.keeper.Record().Totals, life) {
			r.keeper.Update(life)
		}
	}
	return r.keeper.Close(storage)
}

// changes reports whether a change of a life matters enough to write it down: a
// seed that nobody asked for anything leaves its record alone.
func changes(l resume.Totals, change func(*resume.Totals)) bool {
	before := l
	change(&l)
	return l.Uploaded != before.Uploaded || l.Downloaded != before.Downloaded || l.Paused != before.Paused ||
		!slices.EqualFunc(l.Trackers, before.Trackers, slices.Equal[[]string])
}

// sample hashes recorded pieces for resume.Probe.
func sample(ctx context.Context, verify func([]swarm.Verdict), s swarm.Storage, blocks func(int) int) func([]int) (bool, error) {
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
