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
	"time"

	"github.com/shoal-bt/shoal/client/internal/statefolder"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// openRecordFolder opens the folder with the records of the torrents in dir. Each dir
// has its own, because a torrent may be kept in two places, and a file that we made in
// one of them is not ours in the other.
func openRecordFolder(state, dir string) (*resume.Folder, error) {
	sum := sha256.Sum256([]byte(dir))
	return resume.OpenFolder(filepath.Join(state, statefolder.Records, hex.EncodeToString(sum[:8])))
}

// recordFolder returns the folder with the records of the torrents in dir, which these
// torrents share.
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

// loadRecord reads a torrent's record. A record that is missing, damaged or of a newer
// version is empty, so everything that is found is checked.
func loadRecord(f *resume.Folder, id swarm.ID) (resume.Record, error) {
	r, err := f.Load(id)
	var damaged *resume.DamageError
	var newer *resume.VersionError
	if errors.Is(err, fs.ErrNotExist) || errors.As(err, &damaged) || errors.As(err, &newer) {
		return resume.Record{}, nil
	}
	return r, err
}

// openRecorder writes the torrent's record, and returns what keeps it up to date.
func (t *Torrent) openRecorder(store swarm.Storage, files []swarm.File, r resume.Record) (*recorder, error) {
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
		Save: t.folder.Save,
		Stat: t.statOf(store),
	})
	if err != nil {
		return nil, fmt.Errorf("opening the record: %w", err)
	}
	return &recorder{
		keeper:   keeper,
		interval: t.client.config.Save,
		state:    t.recordState,
		checking: t.isChecking,
		warn:     t.emitWarning,
		held:     r.Pieces.Clone(),
		spilled:  blocksByPiece(r.Spilled),
	}, nil
}

// blocksByPiece returns the blocks that are stored of partial pieces, nil for none.
func blocksByPiece(all []resume.Spill) map[int][]int {
	if len(all) == 0 {
		return nil
	}
	m := make(map[int][]int, len(all))
	for _, s := range all {
		m[s.Piece] = s.Blocks
	}
	return m
}

// recordState returns what the record should say: pieces, stored blocks of other
// pieces, and a change to the rest.
func (t *Torrent) recordState() (swarm.Bitfield, map[int][]int, func(*resume.Totals)) {
	// Blocks before pieces: if a piece is completed in between, it counts as held
	// and its blocks do no harm.
	spilled := t.engine.Spilled()
	held := t.engine.Pieces()
	stats := t.engine.Stats()
	now := time.Now()
	return held, spilled, func(l *resume.Totals) {
		l.Uploaded, l.Downloaded = stats.Up.Total, stats.Down.Total
		l.Trackers = t.trackers.tiersToSave()
		if stats.Complete() && l.Completed.IsZero() {
			l.Completed = now
		}
	}
}

// isChecking reports whether stored pieces are being checked.
func (t *Torrent) isChecking() bool { return t.engine.Stats().Phase == engine.PhaseChecking }

// statIn returns the function with which package resume looks at files below dir.
func statIn(dir string) func(string) (fs.FileInfo, error) {
	return func(name string) (fs.FileInfo, error) { return os.Lstat(filepath.Join(dir, filepath.FromSlash(name))) }
}

// verifySample returns the function with which package resume checks some of the
// recorded pieces, to decide whether it believes the others.
func verifySample(ctx context.Context, verify func([]swarm.Verdict), s swarm.Storage, blocks func(int) int) func([]int) (bool, error) {
	return func(pieces []int) (bool, error) {
		for _, piece := range pieces {
			if ctx.Err() != nil {
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
