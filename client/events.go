package client

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/client/internal/filecount"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// An Event is something that happened: one of the types of this package. Use a type
// switch.
type Event = engine.Event

// An EventMask is a set of kinds of events, which begin with On.
type EventMask = engine.EventMask

// The client's own kinds: OnFile is that of FileCompleted, OnFetch of FetchTick, and OnMerged
// of Merged.
const (
	OnFile EventMask = 1 << (31 - iota)
	OnFetch
	OnMerged
)

// CheapEvents are those that come seldom: none by piece, by connection or by the second.
// AllEvents are all there are.
const (
	CheapEvents = engine.CheapEvents | OnFile | OnMerged
	AllEvents   = engine.AllEvents | OnFile | OnFetch | OnMerged
)

// engineEvents are the events that the engine emits for every torrent. The others would
// cost something while nobody reads them: a stream makes Held from Added, and StatsTick
// from the statistics of each second.
const engineEvents = engine.AllEvents &^ (engine.OnStats | engine.OnHeld)

// statsEvery is the time between two StatsTick of a torrent.
const statsEvery = time.Second

// FileCompleted says that the last missing piece of a file is held. It is emitted once
// for each file that was incomplete when the torrent was added or last checked, and never
// for files without bytes.
type FileCompleted struct {
	Torrent swarm.ID
	Index   int    // in Metainfo().Info.Entries
	Path    string // in the torrent, slash-separated
	Length  int64  // in bytes
}

// Kind returns OnFile.
func (FileCompleted) Kind() EventMask { return OnFile }

// FetchTick says how far the fetch of a torrent's metadata is, once a second.
type FetchTick struct {
	Time    time.Time
	Torrent swarm.ID
	FetchStats
}

// Kind returns OnFetch.
func (FetchTick) Kind() EventMask { return OnFetch }

// Merged says that a torrent whose metadata was being fetched proved to be another one of the
// client. From now on both are the same, and the events are those of Into.
type Merged struct{ Torrent, Into swarm.ID }

// Kind returns OnMerged.
func (Merged) Kind() EventMask { return OnMerged }

// TorrentOf returns the torrent that an event is about, or the zero ID if there is none.
func TorrentOf(e Event) swarm.ID {
	switch e := e.(type) {
	case FileCompleted:
		return e.Torrent
	case FetchTick:
		return e.Torrent
	case Merged:
		return e.Torrent
	}
	return engine.TorrentOf(e)
}

// A Stream is a bounded queue of events. It never blocks the client: while it is full,
// new events are dropped and counted. StatsTick is made when Next is called, so a slow
// reader gets only the latest. Completed, Failed, Removed and FileCompleted are never
// dropped. Its methods may be called from many goroutines at once.
type Stream struct {
	client *Client
	inner  *engine.Stream
	mask   EventMask

	mu    sync.Mutex                  // guards infos
	infos map[swarm.ID]*metainfo.Info // of torrents whose Added is in inner

	reading chan struct{} // guards what follows; holds a token while nobody reads inner
	ready   []Event       // were read, but not returned yet
	counts  map[swarm.ID]*filecount.Count
	dropped int64     // of inner, when counts were last compared with the pieces
	statsAt time.Time // when the next StatsTick is due; zero for never

	only *Torrent // nil for all torrents
}

// Events returns a stream of the events of all torrents from now on. mask alone decides
// which kinds arrive; zero means CheapEvents. size is the number of events that may wait;
// zero means 1,024.
func (c *Client) Events(mask EventMask, size int) *Stream { return c.subscribe(mask, size, nil) }

// Events is Client.Events for one torrent.
func (t *Torrent) Events(mask EventMask, size int) *Stream { return t.client.subscribe(mask, size, t) }

// emitWarning emits a Warning; the torrent keeps running.
func (t *running) emitWarning(err error) {
	t.client.warn(t.torrent.id, err)
}

// subscribe makes a stream, of one torrent or of all.
func (c *Client) subscribe(mask EventMask, size int, only *Torrent) *Stream {
	if mask == 0 {
		mask = CheapEvents
	}
	s := &Stream{client: c, mask: mask, reading: make(chan struct{}, 1), only: only}
	s.reading <- struct{}{}
	if mask&(OnStats|OnFetch) != 0 {
		s.statsAt = time.Now().Add(statsEvery)
	}
	needed := mask & (engineEvents | OnMerged)
	if mask&OnHeld != 0 {
		needed |= OnAdded
	}
	if mask&OnFile != 0 {
		needed |= OnPiece | OnAdded | OnRemoved
		s.infos = make(map[swarm.ID]*metainfo.Info)
		s.counts = make(map[swarm.ID]*filecount.Count)
		s.dropped = -1 // so that pieces that come before SubscribeTo are counted
		for _, t := range c.Torrents() {
			// A complete torrent has no file to complete.
			have := t.Bitfield()
			if (only != nil && t != only) || t.Stats().Complete() {
				continue
			}
			if m, err := t.Metainfo(); err == nil {
				s.counts[t.ID()] = filecount.New(m.Info, have)
			}
		}
	}
	s.inner = c.engine.SubscribeTo(size, func(e Event) bool {
		if e.Kind()&needed == 0 || (only != nil && TorrentOf(e) != only.ID()) {
			return false
		}
		if added, ok := e.(engine.Added); ok && s.infos != nil && added.Held < added.Pieces {
			s.keepInfo(added.Torrent)
		}
		return true
	})
	return s
}

// keepInfo keeps the metadata of a torrent until its events are read, because the torrent
// may be removed by then.
func (s *Stream) keepInfo(id swarm.ID) {
	t := s.client.runningOf(id)
	if t == nil {
		return
	}
	info := t.info()
	s.mu.Lock()
	defer s.mu.Unlock()
	if info != nil {
		s.infos[id] = info
	}
}

// Next returns the oldest event, and waits for one if there is none. After the stream or
// the client was closed it returns the events that are left, and then io.EOF. It fails
// with the error of ctx when ctx is done.
func (s *Stream) Next(ctx context.Context) (Event, error) {
	select {
	case <-s.reading:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { s.reading <- struct{}{} }()
	for len(s.ready) == 0 {
		e, err := s.nextInner(ctx)
		if err != nil {
			return nil, err
		}
		if e != nil {
			s.awaitAdded(ctx, e)
			s.addReady(e)
		}
	}
	e := s.ready[0]
	s.ready[0] = nil
	s.ready = s.ready[1:]
	return e, nil
}

// awaitAdded waits until the client lists a torrent whose Added came, because the engine has
// it a moment before.
func (s *Stream) awaitAdded(ctx context.Context, e Event) {
	added, ok := e.(engine.Added)
	if !ok {
		return
	}
	s.client.mu.Lock()
	k := s.client.adding[added.Torrent]
	s.client.mu.Unlock()
	if k == nil {
		return
	}
	select {
	case <-k.ended:
	case <-ctx.Done():
	}
}

// nextInner returns the next event of the engine. When statistics are due first, it makes
// them ready and returns nil.
func (s *Stream) nextInner(ctx context.Context) (Event, error) {
	if s.statsAt.IsZero() {
		return s.inner.Next(ctx)
	}
	waiting, cancel := context.WithDeadline(ctx, s.statsAt)
	defer cancel()
	if waiting.Err() == nil {
		e, err := s.inner.Next(waiting)
		if err == nil || !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return e, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	now := time.Now()
	s.statsAt = now.Add(statsEvery)
	for _, t := range s.torrents() {
		st := t.Stats()
		switch {
		case st.Phase == engine.PhaseRunning && s.mask&OnStats != 0:
			s.ready = append(s.ready, StatsTick{Time: now, Stats: st})
		case st.Phase == engine.PhaseFetching && s.mask&OnFetch != 0:
			s.ready = append(s.ready, FetchTick{Time: now, Torrent: st.Torrent, FetchStats: t.Fetch()})
		}
	}
	return nil, nil
}

// torrents returns the torrents that the stream is about.
func (s *Stream) torrents() []*Torrent {
	if s.only != nil {
		return []*Torrent{s.only}
	}
	return s.client.Torrents()
}

// All yields events until ctx is done or the stream is closed.
func (s *Stream) All(ctx context.Context) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for {
			e, err := s.Next(ctx)
			if err != nil || !yield(e) {
				return
			}
		}
	}
}

// Dropped returns the number of events that were dropped because the stream was full.
func (s *Stream) Dropped() int64 { return s.inner.Dropped() }

// Close ends the stream. The events that wait can still be read.
func (s *Stream) Close() { s.inner.Close() }

// addReady makes an event ready, after the Held and before the FileCompleted that follow
// from it.
func (s *Stream) addReady(e Event) {
	if added, ok := e.(Added); ok && s.mask&OnHeld != 0 {
		for i := range added.Pieces {
			if added.Have.Has(i) {
				s.ready = append(s.ready, Held{Torrent: added.Torrent, Piece: i})
			}
		}
	}
	if e.Kind()&s.mask != 0 {
		s.ready = append(s.ready, e)
	}
	if s.counts != nil {
		s.updateCounts(e)
	}
}

// updateCounts counts the missing pieces of files, and completes files. The caller holds
// reading.
func (s *Stream) updateCounts(e Event) {
	switch e := e.(type) {
	case engine.Added:
		s.mu.Lock()
		info := s.infos[e.Torrent]
		delete(s.infos, e.Torrent)
		s.mu.Unlock()
		delete(s.counts, e.Torrent)
		if info != nil {
			s.counts[e.Torrent] = filecount.New(info, e.Have)
		}
	case engine.Piece:
		if f := s.counts[e.Torrent]; f != nil {
			s.addFiles(e.Torrent, f.Add(e.Piece))
		}
	case engine.Removed:
		delete(s.counts, e.Torrent)
	}
	dropped := s.inner.Dropped()
	if dropped == s.dropped {
		return
	}
	s.dropped = dropped
	for id, f := range s.counts {
		t, err := s.client.Torrent(id)
		if err != nil {
			continue
		}
		have := t.Bitfield()
		for i := range len(have) * 8 {
			if have.Has(i) {
				s.addFiles(id, f.Add(i))
			}
		}
	}
}

// addFiles makes a FileCompleted ready for each of some files.
func (s *Stream) addFiles(id swarm.ID, completed []filecount.File) {
	for _, f := range completed {
		s.ready = append(s.ready, FileCompleted{id, f.Index, f.Path, f.Length})
	}
}
