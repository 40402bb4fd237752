package events

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

// statsEvery is the time between two engine.StatsTick of a torrent.
const statsEvery = time.Second

// A Client is what a Stream needs of a client. Its methods may be called concurrently.
type Client interface {
	// Torrents returns all torrents, and Torrent the one of a swarm.
	Torrents() []Torrent
	Torrent(id swarm.ID) (Torrent, error)

	// Info returns the metadata of a torrent that the engine has just added; nil if it is
	// not in memory. It is called in a turn of the engine.
	Info(id swarm.ID) *metainfo.Info

	// Wants reports whether a file of a torrent is wanted.
	Wants(id swarm.ID, file int) bool

	// AwaitAdded waits until the client lists a torrent that it is adding, or until ctx is done.
	AwaitAdded(ctx context.Context, id swarm.ID)

	// SubscribeTo is that of the client's engine.
	SubscribeTo(size int, wants func(Event) bool) *engine.Stream
}

// A Torrent is what a Stream needs of a torrent: the methods of a client.Torrent.
type Torrent interface {
	ID() swarm.ID
	Stats() engine.Stats
	Fetch() FetchStats
	Bitfield() swarm.Bitfield
	Metainfo() (*metainfo.Torrent, error)
}

// A Stream is a bounded queue of events. It never blocks the client: while it is full,
// new events are dropped and counted. StatsTick is made when Next is called, so a slow
// reader gets only the latest. Completed, Failed, Removed and FileCompleted are never
// dropped. Its methods may be called from many goroutines at once.
type Stream struct {
	client Client
	inner  *engine.Stream
	mask   Mask

	mu    sync.Mutex                  // guards infos
	infos map[swarm.ID]*metainfo.Info // of torrents whose Added is in inner

	reading chan struct{} // guards what follows; holds a token while nobody reads inner
	ready   []Event       // were read, but not returned yet
	counts  map[swarm.ID]*filecount.Count
	dropped int64     // of inner, when counts were last compared with the pieces
	statsAt time.Time // when the next StatsTick is due; zero for never

	only Torrent // nil for all torrents
}

// Open returns a stream of the events of one torrent, or of all if only is nil, from now on.
// Zero stands for Cheap and for 1,024 events.
func Open(c Client, mask Mask, size int, only Torrent) *Stream {
	if mask == 0 {
		mask = Cheap
	}
	s := &Stream{client: c, mask: mask, reading: make(chan struct{}, 1), only: only}
	s.reading <- struct{}{}
	if mask&(engine.OnStats|OnFetch) != 0 {
		s.statsAt = time.Now().Add(statsEvery)
	}
	needed := mask & (OfEngine | OnFile | OnMerged | OnDHT | OnVersion)
	if mask&engine.OnHeld != 0 {
		needed |= engine.OnAdded
	}
	if mask&OnFile != 0 {
		needed |= engine.OnPiece | engine.OnAdded | engine.OnRemoved
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
	s.inner = c.SubscribeTo(size, func(e Event) bool {
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
	info := s.client.Info(id)
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
			added, ok := e.(engine.Added)
			if ok { // the engine has it a moment before the client
				s.client.AwaitAdded(ctx, added.Torrent)
			}
			s.addReady(e)
		}
	}
	e := s.ready[0]
	s.ready[0] = nil
	s.ready = s.ready[1:]
	return e, nil
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
		case st.Phase == engine.PhaseRunning && s.mask&engine.OnStats != 0:
			s.ready = append(s.ready, engine.StatsTick{Time: now, Stats: st})
		case st.Phase == engine.PhaseFetching && s.mask&OnFetch != 0:
			s.ready = append(s.ready, FetchTick{Time: now, Torrent: st.Torrent, FetchStats: t.Fetch()})
		}
	}
	return nil, nil
}

// torrents returns the torrents that the stream is about.
func (s *Stream) torrents() []Torrent {
	if s.only != nil {
		return []Torrent{s.only}
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
	if added, ok := e.(engine.Added); ok && s.mask&engine.OnHeld != 0 {
		for i := range added.Pieces {
			if added.Have.Has(i) {
				s.ready = append(s.ready, engine.Held{Torrent: added.Torrent, Piece: i})
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
		if !s.client.Wants(id, f.Index) {
			continue // it does not exist
		}
		s.ready = append(s.ready, FileCompleted{id, f.Index, f.Path, f.Length})
	}
}
