package client

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/client/internal/lazystorage"
	"github.com/shoal-bt/shoal/client/internal/metacache"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// A Torrent is a torrent of a Client. Its methods may be called from many
// goroutines at once. After it was removed, or the client closed, methods that
// return an error return one that matches ErrRemoved or ErrClosed; the others return
// the last state or do nothing.
type Torrent struct {
	client    *Client
	ids       []swarm.ID
	name      string
	length    int64 // of all files, in bytes
	geometry  swarm.Geometry
	hashV2    *[32]byte // nil if there is none
	private   bool
	overwrite bool           // as in AddOptions
	readOnly  bool           // nothing is written: the content is somebody else's
	dir       string         // absolute
	seedFiles []swarm.File   // where a seed's files are, if they are not where the metainfo says
	folder    *resume.Folder // of the record; nil if nothing is remembered
	cache     metacache.Cache
	storage   *lazystorage.Storage
	modified  modifiedFiles
	engine    *engine.Torrent
	trackers  trackers

	lifecycle sync.Mutex // held while the torrent becomes idle, closes or is removed
	closeErr  error      // what close returned; guarded by lifecycle

	mu       sync.Mutex
	closedBy error // ErrRemoved or ErrClosed; nil while the torrent is open
}

// ID returns the first of the torrent's swarms: its v1 info hash, or the v2 one
// cut to 20 bytes.
func (t *Torrent) ID() swarm.ID { return t.ids[0] }

// IDs returns the torrent's swarms, two for a hybrid. The slice is the caller's.
func (t *Torrent) IDs() []swarm.ID { return slices.Clone(t.ids) }

// Name returns the name of the torrent's file or folder.
func (t *Torrent) Name() string { return t.name }

// Length returns the length of all files in bytes.
func (t *Torrent) Length() int64 { return t.length }

// Dir returns the folder that the content is in, as an absolute path.
func (t *Torrent) Dir() string { return t.dir }

// Metainfo returns the torrent as it was added. Do not change it. While the torrent is
// idle it is read from Config.State, which can fail.
func (t *Torrent) Metainfo() (*metainfo.Torrent, error) {
	m, err := t.metainfo()
	if err == nil {
		return m, nil
	}
	if closed := t.checkOpen(); closed != nil {
		return nil, closed
	}
	return nil, fmt.Errorf("client: %q: %w", t.name, err)
}

// Magnet returns a magnet link to the torrent. It has the full URLs of the trackers,
// including passkeys. Web seeds are left out if Metainfo fails.
func (t *Torrent) Magnet() string {
	m := metainfo.Magnet{Name: t.name, Length: t.length}
	if t.hashV2 == nil || len(t.ids) > 1 {
		m.HashV1 = t.ids[0]
	}
	if t.hashV2 != nil {
		m.HashV2 = *t.hashV2
	}
	if meta, err := t.metainfo(); err == nil {
		m.WebSeeds = meta.WebSeeds
	}
	for _, tier := range t.AnnounceURLs() {
		m.Trackers = append(m.Trackers, tier...)
	}
	return m.String()
}

// Stats returns the figures of this moment. Totals are over all runs.
func (t *Torrent) Stats() engine.Stats { return t.engine.Stats() }

// Progress returns the share of the torrent that is held, 0 to 1.
func (t *Torrent) Progress() float64 { return progress(t.Stats()) }

func progress(s engine.Stats) float64 {
	if s.Length == 0 || s.Left == 0 {
		return 1
	}
	return 1 - float64(s.Left)/float64(s.Length)
}

// ETA returns how long the missing bytes take at the present rate. It returns 0 for a
// complete torrent, and false if nothing is received.
func (t *Torrent) ETA() (time.Duration, bool) {
	s := t.Stats()
	if s.Left == 0 {
		return 0, true
	}
	seconds := float64(s.Left) / s.Down.Rate
	if s.Down.Rate <= 0 || seconds > 1e9 {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}

// Bitfield returns the pieces that are held. The caller owns it.
func (t *Torrent) Bitfield() swarm.Bitfield { return t.engine.Pieces() }

// Wait waits until every piece is held and synced. It fails if the torrent fails, with the error
// that stopped it; if the torrent is removed; and when ctx is done.
func (t *Torrent) Wait(ctx context.Context) error { return t.wrapError(t.engine.Wait(ctx)) }

// Await waits until one piece is held, and fails as Wait does.
func (t *Torrent) Await(ctx context.Context, piece int) error {
	return t.wrapError(t.engine.Await(ctx, piece))
}

// ReadAt reads bytes of pieces that are held, at an offset in the torrent. It fails
// with engine.ErrNoPiece if one of these pieces is missing.
func (t *Torrent) ReadAt(p []byte, off int64) (int, error) {
	n, err := t.engine.ReadAt(p, off)
	return n, t.wrapError(err)
}

// Pause ends all connections and notifies the trackers. Nothing is downloaded, uploaded
// or announced until Resume.
func (t *Torrent) Pause() error {
	t.engine.Pause()
	return t.checkOpen()
}

// Resume ends a pause. After the torrent failed, Resume tries again: it checks what is
// stored first.
func (t *Torrent) Resume() error {
	if t.engine.Stats().Phase == engine.PhaseFailed && t.checkOpen() == nil {
		if err := t.openForCheck(); err != nil {
			return err
		}
		t.forgetContentError()
	}
	t.engine.Resume()
	t.storage.ScheduleSave()
	return t.checkOpen()
}

// Recheck ends all connections, checks everything that is stored, and continues with
// the pieces that it found. It returns when the check is done. If ctx ends first,
// Recheck returns and the check continues.
func (t *Torrent) Recheck(ctx context.Context) error {
	if err := t.checkOpen(); err != nil {
		return err
	}
	if err := t.openForCheck(); err != nil {
		return err
	}
	t.forgetContentError()
	t.storage.ScheduleSave()
	err := t.engine.Recheck(ctx)
	t.storage.ScheduleSave()
	return t.wrapError(err)
}
