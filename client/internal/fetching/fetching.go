package fetching

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/client/internal/fetchjob"
	"github.com/shoal-bt/shoal/client/internal/fetchwatch"
	"github.com/shoal-bt/shoal/client/internal/metadata"
	"github.com/shoal-bt/shoal/client/internal/trackers"
	"github.com/shoal-bt/shoal/client/internal/wishes"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// ErrNoMetadata says that the metadata of a torrent is still being fetched.
var ErrNoMetadata = errors.New("the metadata of the torrent is not here yet")

// Stats are how far the fetch of a torrent's metadata is.
type Stats = metadata.Stats

// A Torrent is one whose metadata is missing. While it is not paused and did not fail, a job
// gets the metadata, and then has its Host start the torrent. Its methods may be called
// concurrently; those with the names of methods of a client's Torrent do what these do.
type Torrent struct {
	host     Host
	config   Config
	id       swarm.ID // the first of ids
	ids      []swarm.ID
	folder   *resume.Folder // of the record; nil if nothing is remembered
	trackers *trackers.Set
	start    time.Time

	// token is held by the one that ends the fetch: the claim of a job or an Add that has the
	// metadata, or Remove. It is closed when the torrent runs or was removed.
	token chan struct{}

	saving sync.Mutex // held while the link is saved; guards what follows
	ending bool       // the record is somebody else's

	mu      sync.Mutex // guards what follows; not held during I/O
	link    *metainfo.Magnet
	err     error         // why the fetch failed; nil while it has not
	closed  error         // why it was closed
	next    Running       // what the torrent has become
	changed chan struct{} // closed and replaced when one of these changes
	job     *fetchjob.Job // nil while there is none
	last    *fetchjob.Job // that was started; nil before the first
	stats   Stats
	watch   fetchwatch.Watch // of the job
	wishes  wishes.Wishes
}

// New returns a fetch that has not begun. Open and then Start begin it.
func New(c Config) *Torrent {
	f := &Torrent{
		host:     c.Host,
		config:   c,
		id:       c.Link.IDs()[0],
		ids:      c.Link.IDs(),
		trackers: c.Trackers,
		start:    time.Now(),
		token:    make(chan struct{}, 1),
		link:     c.Link,
		changed:  make(chan struct{}),
		wishes:   wishes.Wishes{Peers: slices.Clone(c.Peers), Paused: c.Paused},
	}
	f.wishes.AddSources(c.Sources...)
	f.token <- struct{}{}
	return f
}

// notify wakes those who wait in Ready. The caller holds mu.
func (f *Torrent) notify() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// update calls change while the fetch goes on. If the torrent runs already, it calls forward
// with it instead.
func (f *Torrent) update(forward func(Running) error, change func()) error {
	f.mu.Lock()
	next, closed := f.next, f.closed
	if next == nil && closed == nil {
		change()
	}
	f.mu.Unlock()
	switch {
	case next != nil:
		return forward(next)
	case closed != nil:
		return fmt.Errorf("client: %q: %w", f.Name(), closed)
	}
	return nil
}

// IDs returns the swarms that the link names. The slice is the caller's.
func (f *Torrent) IDs() []swarm.ID { return slices.Clone(f.ids) }

// Dir returns the folder for the content.
func (f *Torrent) Dir() string { return f.config.Dir }

// Name returns the name that the link has, or the info hash.
func (f *Torrent) Name() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return cmp.Or(f.link.Name, f.id.String())
}

// Length returns what the link says.
func (f *Torrent) Length() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.link.Length
}

// Metainfo fails, because the metadata is missing.
func (f *Torrent) Metainfo() (*metainfo.Torrent, error) {
	return nil, fmt.Errorf("client: %q: %w", f.Name(), f.reason(ErrNoMetadata))
}

// reason returns why the torrent is closed, or else err.
func (f *Torrent) reason(err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed != nil {
		return f.closed
	}
	return err
}

// Magnet returns the link with the trackers that the torrent has now.
func (f *Torrent) Magnet() string { return f.Link().String() }

// Link returns a copy of the link, with the trackers that the torrent has now.
func (f *Torrent) Link() *metainfo.Magnet {
	f.mu.Lock()
	link := *f.link
	f.mu.Unlock()
	if urls := f.trackers.URLs(); urls != nil {
		link.Trackers = slices.Concat(urls...)
	}
	return &link
}

// Bitfield returns nothing.
func (f *Torrent) Bitfield() swarm.Bitfield { return nil }

// ReadAt fails, as Metainfo does.
func (f *Torrent) ReadAt([]byte, int64) (int, error) {
	_, err := f.Metainfo()
	return 0, err
}

// Stats returns the figures of this moment.
func (f *Torrent) Stats() engine.Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := engine.Stats{
		Torrent:    f.id,
		Phase:      engine.PhaseFetching,
		Start:      f.start,
		Run:        time.Since(f.start),
		Length:     f.link.Length,
		Left:       -1,
		WantedLeft: -1,
		Peers:      f.stats.Peers,
	}
	switch {
	case f.closed != nil:
		s.Phase = engine.PhaseClosed
	case f.err != nil:
		s.Phase, s.Err = engine.PhaseFailed, f.err
	case f.wishes.Paused:
		s.Phase = engine.PhasePaused
	}
	return s
}

// Fetch returns how far the fetch is.
func (f *Torrent) Fetch() Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stats
}

// Ready waits until the torrent runs.
func (f *Torrent) Ready(ctx context.Context) error {
	for {
		f.mu.Lock()
		next, closed, failed, changed := f.next, f.closed, f.err, f.changed
		f.mu.Unlock()
		switch {
		case next != nil:
			return next.Ready(ctx)
		case closed != nil:
			return fmt.Errorf("client: %q: %w", f.Name(), closed)
		case failed != nil:
			return fmt.Errorf("client: %q: %w", f.Name(), failed)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Wait is called after Ready, so the torrent runs or has ended since.
func (f *Torrent) Wait(ctx context.Context) error { return f.Ready(ctx) }

// Await is called after Ready as well.
func (f *Torrent) Await(ctx context.Context, _ int) error { return f.Ready(ctx) }

// Wishes returns a copy of what the user did.
func (f *Torrent) Wishes() wishes.Wishes {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wishes.Copy()
}

// TrackerSet returns the torrent's trackers, with which the torrent goes on.
func (f *Torrent) TrackerSet() *trackers.Set { return f.trackers }
