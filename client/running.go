package client

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/shoal-bt/shoal/client/internal/finishing"
	"github.com/shoal-bt/shoal/client/internal/lazystorage"
	"github.com/shoal-bt/shoal/client/internal/metacache"
	"github.com/shoal-bt/shoal/client/internal/reading"
	"github.com/shoal-bt/shoal/client/internal/seedcontent"
	"github.com/shoal-bt/shoal/client/internal/trackers"
	"github.com/shoal-bt/shoal/client/internal/wants"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// A running is a torrent in the engine: the stage of a Torrent whose metadata is there.
type running struct {
	client   *Client
	torrent  *Torrent   // whose stage it is
	ids      []swarm.ID // as the metainfo has them; records and locks go by the first
	name     string
	length   int64 // of all files, in bytes
	geometry swarm.Geometry
	hashV2   *[32]byte            // nil if there is none
	dir      string               // absolute
	seed     *seedcontent.Content // where a seed's files are, if they are not where the metainfo says
	folder   *resume.Folder       // of the record; nil if nothing is remembered
	cache    metacache.Cache
	storage  *lazystorage.Storage
	modified modifiedFiles
	wants    wants.Wants
	finished finishing.Files

	selectionPending atomic.Bool // a save of what is wanted is about to begin
	engine           *engine.Torrent
	trackers         *trackers.Set

	closeErr error // what close returned; guarded by lifecycle

	private   bool
	overwrite bool       // as in AddOptions
	readOnly  bool       // nothing is written: the content is somebody else's
	lifecycle sync.Mutex // held while the torrent becomes idle, closes or is removed

	mu         sync.Mutex // guards what follows
	closed     bool
	removed    bool         // it is closed because it was removed
	contentErr error        // of a write or a sync since everything was checked last
	reading    *reading.Set // nil until somebody reads a file or sets a deadline
}

func (t *running) IDs() []swarm.ID { return slices.Clone(t.ids) }

func (t *running) Name() string { return t.name }

func (t *running) Length() int64 { return t.length }

func (t *running) Dir() string { return t.dir }

func (t *running) Fetch() FetchStats { return FetchStats{} }

func (t *running) Ready(context.Context) error { return t.checkOpen() }

func (t *running) info() *metainfo.Info {
	if m := t.cache.InMemory(); m != nil {
		return m.Info
	}
	return nil
}

func (t *running) Metainfo() (*metainfo.Torrent, error) {
	m, err := t.metainfo()
	if err == nil {
		return m, nil
	}
	if closed := t.checkOpen(); closed != nil {
		return nil, closed
	}
	return nil, fmt.Errorf("client: %q: %w", t.name, err)
}

func (t *running) Magnet() string {
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

func (t *running) Stats() engine.Stats { return t.engine.Stats() }

func (t *running) Bitfield() swarm.Bitfield { return t.engine.Pieces() }

func (t *running) Wait(ctx context.Context) error { return t.wrapError(t.engine.Wait(ctx)) }

func (t *running) Await(ctx context.Context, piece int) error {
	return t.wrapError(t.engine.Await(ctx, piece))
}

func (t *running) ReadAt(p []byte, off int64) (int, error) {
	n, err := t.engine.ReadAt(p, off)
	return n, t.wrapError(err)
}

func (t *running) Pause() error {
	t.engine.Pause()
	return t.checkOpen()
}

func (t *running) Resume() error {
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

func (t *running) Recheck(ctx context.Context) error {
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
