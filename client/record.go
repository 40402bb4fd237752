package client

import (
	"fmt"
	"time"

	"github.com/shoal-bt/shoal/client/internal/recorder"
	"github.com/shoal-bt/shoal/client/internal/statefolder"
	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// recordFolder returns the folder with the records of the torrents in dir, which these
// torrents share.
func (c *Client) recordFolder(dir string) (*resume.Folder, error) {
	c.mu.Lock()
	f := c.folders[dir]
	c.mu.Unlock()
	if f != nil {
		return f, nil
	}
	f, err := statefolder.OpenRecords(c.config.State, dir)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.folders[dir] = f
	return f, nil
}

// openRecorder writes the torrent's record, and returns what keeps it up to date.
func (t *running) openRecorder(store swarm.Storage, files []swarm.File, r resume.Record) (*recorder.Recorder, error) {
	keeper, err := resume.OpenKeeper(r, resume.Config{
		Geometry: t.geometry,
		Files:    files,
		Sync: func() error {
			err := t.syncContent(store)
			if err != nil {
				t.fail(err)
			}
			return err
		},
		Save:   t.folder.Save,
		Stat:   t.statOf(store),
		Claims: claimsOf(store),
		Part:   partOf(store),
		Wanted: t.wants.Has(files),
	})
	if err != nil {
		return nil, fmt.Errorf("opening the record: %w", err)
	}
	return recorder.New(recorder.Config{
		Keeper:   keeper,
		Interval: t.client.config.Save,
		State:    t.recordState,
		Checking: t.isChecking,
		Warn:     t.emitWarning,
		Held:     r.Pieces.Clone(),
		Spilled:  recorder.BlocksByPiece(r.Spilled),

		Selection: r.Totals.Selection,
	}), nil
}

// partOf returns what says which files have bytes in the part file of a store; nil if it has none.
func partOf(s swarm.Storage) func() (string, []string) {
	store, ok := s.(*diskstore.Store)
	if !ok {
		return nil
	}
	return func() (string, []string) {
		part, ok := store.Part()
		if !ok {
			return "", nil
		}
		return part.Path, store.InPart()
	}
}

// claimsOf returns what says which other names the files of a store get when they are made.
func claimsOf(s swarm.Storage) func(string) []string {
	store, ok := s.(*diskstore.Store)
	if !ok {
		return nil
	}
	return store.Names().Claims
}

// recordState returns what the record should say: pieces, stored blocks of other
// pieces, and a change to the rest.
func (t *running) recordState() (swarm.Bitfield, map[int][]int, func(*resume.Totals)) {
	// Blocks before pieces: if a piece is completed in between, it counts as held
	// and its blocks do no harm.
	spilled := t.engine.Spilled()
	held := t.engine.Pieces()
	stats := t.engine.Stats()
	now := time.Now()
	selected := t.selectionRecord()
	return held, spilled, func(l *resume.Totals) {
		l.Uploaded, l.Downloaded = stats.Up.Total, stats.Down.Total
		l.Trackers = t.trackers.ToSave()
		l.Selection = selected
		if stats.Complete() && l.Completed.IsZero() {
			l.Completed = now
		}
	}
}

// selectionRecord returns what the record says of what is wanted.
func (t *running) selectionRecord() resume.Selection {
	return t.wants.Record(resume.Selection{Deadlines: t.madeReaders().User(), Sequential: t.engine.Sequential()})
}

// isChecking reports whether stored pieces are being checked.
func (t *running) isChecking() bool { return t.engine.Stats().Phase == engine.PhaseChecking }
