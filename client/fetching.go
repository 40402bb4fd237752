package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/client/events"
	"github.com/shoal-bt/shoal/client/internal/fetchjob"
	"github.com/shoal-bt/shoal/client/internal/fetchwatch"
	"github.com/shoal-bt/shoal/client/internal/linkrecord"
	"github.com/shoal-bt/shoal/client/internal/trackers"
	"github.com/shoal-bt/shoal/client/internal/wishes"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// FetchStats are how far the fetch of a torrent's metadata is.
type FetchStats = events.FetchStats

// A fetching is the stage of a Torrent whose metadata is missing. While it is not paused and
// did not fail, a job gets the metadata, and then makes the Torrent a running one.
type fetching struct {
	client   *Client
	torrent  *Torrent
	ids      []swarm.ID
	options  AddOptions
	dir      string         // absolute
	folder   *resume.Folder // of the record; nil if nothing is remembered
	trackers *trackers.Set
	start    time.Time
	warn     func(error) // emits a Warning

	// token is held by the one that ends the fetch: the claim of a job or an Add that has the
	// metadata, or Remove. It is closed when the Torrent runs or was removed.
	token chan struct{}

	saving sync.Mutex // held while the link is saved; guards what follows
	ending bool       // the record is somebody else's

	mu      sync.Mutex // guards what follows; not held during I/O
	link    *metainfo.Magnet
	err     error         // why the fetch failed; nil while it has not
	closed  error         // ErrRemoved or ErrClosed
	next    *running      // what the torrent has become
	changed chan struct{} // closed and replaced when one of these changes
	job     *fetchjob.Job // nil while there is none
	last    *fetchjob.Job // that was started; nil before the first
	stats   FetchStats
	watch   fetchwatch.Watch // of the job
	wishes  wishes.Wishes
}

// newFetching makes the stage of a Torrent that was added by a link.
func (c *Client) newFetching(link *metainfo.Magnet, o AddOptions, dir string) *fetching {
	f := &fetching{
		client:   c,
		torrent:  &Torrent{client: c, id: link.IDs()[0]},
		ids:      link.IDs(),
		options:  o,
		dir:      dir,
		trackers: c.newTrackers(link.IDs()[0], o),
		start:    time.Now(),
		warn:     func(err error) { c.warn(link.IDs()[0], err) },
		token:    make(chan struct{}, 1),
		link:     link,
		changed:  make(chan struct{}),
		wishes:   wishes.Wishes{Peers: slices.Clone(o.Peers), Paused: o.Paused},
	}
	f.wishes.AddSources(o.Sources...)
	f.torrent.stage = f
	f.token <- struct{}{}
	return f
}

// notify wakes those who wait in Ready. The caller holds mu.
func (f *fetching) notify() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// take takes the token, unless somebody else ends the fetch. release gives it back.
func (f *fetching) take() bool {
	select {
	case _, ok := <-f.token:
		return ok
	default:
		return false
	}
}

func (f *fetching) release() { f.token <- struct{}{} }

// stopSaving leaves the record to somebody else, until resumeSaving.
func (f *fetching) stopSaving() {
	f.saving.Lock()
	defer f.saving.Unlock()
	f.ending = true
}

func (f *fetching) resumeSaving() {
	f.saving.Lock()
	f.ending = false
	f.saving.Unlock()
	if f.folder != nil {
		if err := f.lockFiles(); err != nil {
			f.warn(err)
		}
	}
}

// become ends the stage: from now on the torrent is r.
func (f *fetching) become(r *running) wishes.Wishes {
	f.torrent.setStage(r)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next = r
	f.notify()
	close(f.token)
	return f.wishes
}

// update calls change while the fetch goes on. If the torrent runs already, it calls forward
// with it instead.
func (f *fetching) update(forward func(*running) error, change func()) error {
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

func (f *fetching) IDs() []swarm.ID { return f.ids }

func (f *fetching) Dir() string { return f.dir }

func (f *fetching) Name() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return cmp.Or(f.link.Name, f.torrent.id.String())
}

func (f *fetching) Length() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.link.Length
}

func (f *fetching) Metainfo() (*metainfo.Torrent, error) {
	return nil, fmt.Errorf("client: %q: %w", f.Name(), f.reason(ErrNoMetadata))
}

// reason returns why the torrent is closed, or else err.
func (f *fetching) reason(err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed != nil {
		return f.closed
	}
	return err
}

func (f *fetching) Magnet() string { return f.linkNow().String() }

// linkNow returns the link with the trackers that the torrent has now.
func (f *fetching) linkNow() *metainfo.Magnet {
	f.mu.Lock()
	link := *f.link
	f.mu.Unlock()
	if urls := f.trackers.URLs(); urls != nil {
		link.Trackers = slices.Concat(urls...)
	}
	return &link
}

func (f *fetching) Files() ([]File, error) {
	_, err := f.Metainfo()
	return nil, err
}

func (f *fetching) Bitfield() swarm.Bitfield { return nil }

func (f *fetching) ReadAt([]byte, int64) (int, error) {
	_, err := f.Metainfo()
	return 0, err
}

func (f *fetching) Stats() engine.Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := engine.Stats{
		Torrent: f.torrent.id,
		Phase:   engine.PhaseFetching,
		Start:   f.start,
		Run:     time.Since(f.start),
		Length:  f.link.Length,
		Left:    -1,
		Peers:   f.stats.Peers,
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

func (f *fetching) Fetch() FetchStats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stats
}

func (f *fetching) Ready(ctx context.Context) error {
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

// Wait and Await are called after Ready, so the torrent runs or has ended since.
func (f *fetching) Wait(ctx context.Context) error { return f.Ready(ctx) }

func (f *fetching) Await(ctx context.Context, _ int) error { return f.Ready(ctx) }

// wishesNow returns a copy of what the user did.
func (f *fetching) wishesNow() wishes.Wishes {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wishes.Copy()
}

func (f *fetching) lockName() string { return lockName(f.ids[0], f.dir) }

func (f *fetching) lockFiles() error { return f.client.lockFiles(f.lockName()) }

func (f *fetching) unlockFiles() { f.client.unlockFiles(f.lockName()) }

// close ends the fetch for good; why is ErrRemoved or ErrClosed.
func (f *fetching) close(why error) error {
	f.mu.Lock()
	if f.closed == nil {
		f.closed = why
		f.stopJob()
		f.notify()
		f.client.engine.Report(engine.Removed{Torrent: f.torrent.id})
	}
	f.mu.Unlock()
	f.awaitJob().Close()
	return nil
}

// errNoFiles says that content cannot be deleted while nobody knows what it is.
var errNoFiles = errors.New("former runs made files of it, and which these are is not known without the metadata; add its .torrent file, then remove it")

func (f *fetching) remove(content Content) (again bool, err error) {
	if reason := f.reason(nil); reason != nil {
		return false, fmt.Errorf("client: %q: %w", f.Name(), reason)
	}
	if _, ok := <-f.token; !ok {
		return true, nil // it runs now, or was removed
	}
	defer close(f.token) // another Remove may wait for it
	f.stopSaving()
	f.close(ErrRemoved)
	defer f.client.removeTorrent(f.torrent)
	f.unlockFiles()
	if f.folder == nil {
		return false, nil
	}
	r, err := linkrecord.LoadRecord(f.folder, f.torrent.id)
	if err == nil && content == Delete && len(r.Owned) > 0 {
		err = errNoFiles
	}
	if err != nil {
		return false, err
	}
	return false, f.folder.Remove(f.torrent.id)
}

// save saves the link, its trackers, the peers that the user named and whether it is paused.
func (f *fetching) save() error {
	f.saving.Lock()
	defer f.saving.Unlock()
	if f.folder == nil || f.ending || f.reason(nil) != nil {
		return nil
	}
	w := f.wishesNow()
	return linkrecord.Save(f.folder, linkrecord.State{Link: f.linkNow(), Dir: f.dir, Peers: w.Peers, Paused: w.Paused})
}

// saveOrWarn is save for a caller that has no use for the error.
func (f *fetching) saveOrWarn() {
	if err := f.save(); err != nil {
		f.warn(fmt.Errorf("saving the link: %w", err))
	}
}
