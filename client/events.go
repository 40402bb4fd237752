package client

import (
	"context"
	"iter"
	"sync"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// An Event is something that happened: one of the types of package engine, or a
// FileCompleted. A type switch tells which.
type Event = engine.Event

// An EventMask is a set of kinds of events: those of package engine, and OnFile.
type EventMask = engine.EventMask

// OnFile is the kind of FileCompleted.
const OnFile EventMask = 1 << 31

// CheapEvents are those of engine.CheapEvents, and OnFile. AllEvents is
// everything that Config.Engine lets through.
const (
	CheapEvents = engine.CheapEvents | OnFile
	AllEvents   = engine.AllEvents | OnFile
)

// FileCompleted says that the last piece of a file came in. It comes once for each
// file that was not whole when the torrent was added or last checked; with files
// without bytes it never comes.
type FileCompleted struct {
	Torrent swarm.ID
	Index   int    // in Metainfo().Info.Entries
	Path    string // as the torrent has it, slash-separated
	Length  int64  // in bytes
}

// Kind returns OnFile.
func (FileCompleted) Kind() EventMask { return OnFile }

// TorrentOf returns the torrent that an event is about; the zero ID for none.
func TorrentOf(e Event) swarm.ID {
	if f, ok := e.(FileCompleted); ok {
		return f.Torrent
	}
	return engine.TorrentOf(e)
}

// A Stream is one listener's queue of events. It is bounded and never blocks the
// client: when it is full the newest event is dropped and counted. Statistics
// replace older ones of the same torrent; Completed, Failed, Removed and
// FileCompleted are never lost. Its methods may be called from many goroutines.
type Stream struct {
	client *Client
	inner  *engine.Stream
	mask   EventMask

	mu    sync.Mutex
	infos map[swarm.ID]*metainfo.Info // of torrents whose Added is in inner

	reading chan struct{} // holds a token while nobody reads inner
	ready   []Event       // made from what was read
	counts  map[swarm.ID]*fileCount
	dropped int64 // of inner, when the counts were last right
}

// Events returns a stream of the events of all torrents from now on: those of the
// kinds in mask, of which size may wait. Zero means CheapEvents and 1,024.
func (c *Client) Events(mask EventMask, size int) *Stream { return c.subscribe(mask, size, nil) }

// Events is Client.Events for one torrent.
func (t *Torrent) Events(mask EventMask, size int) *Stream { return t.client.subscribe(mask, size, t) }

// emitWarning emits a Warning; the torrent keeps running.
func (t *Torrent) emitWarning(err error) {
	t.client.engine.Report(engine.Warning{Torrent: t.ID(), Err: err})
}

// subscribe makes a stream, of one torrent or of all.
func (c *Client) subscribe(mask EventMask, size int, only *Torrent) *Stream {
	if mask == 0 {
		mask = CheapEvents
	}
	s := &Stream{client: c, mask: mask, reading: make(chan struct{}, 1)}
	s.reading <- struct{}{}
	needed := mask &^ OnFile
	if mask&OnFile != 0 {
		needed |= engine.OnPiece | engine.OnAdded | engine.OnRemoved
		s.infos = make(map[swarm.ID]*metainfo.Info)
		s.counts = make(map[swarm.ID]*fileCount)
		s.dropped = -1 // look for what came between here and there
		for _, t := range c.Torrents() {
			// Of one that is whole no file can become so.
			have := t.Bitfield()
			if only != nil && t != only || have.Count() == t.geometry.Pieces() {
				continue
			}
			if m, err := t.metainfo(); err == nil {
				s.counts[t.ID()] = newFileCount(m.Info, have)
			}
		}
	}
	s.inner = c.engine.SubscribeTo(size, func(e Event) bool {
		if e.Kind()&needed == 0 || only != nil && engine.TorrentOf(e) != only.ID() {
			return false
		}
		if added, ok := e.(engine.Added); ok && s.infos != nil && added.Held < added.Pieces {
			s.keepInfo(added.Torrent)
		}
		return true
	})
	return s
}

// keepInfo keeps the metadata of a torrent until its events are read, when it may be
// gone.
func (s *Stream) keepInfo(id swarm.ID) {
	info := s.client.infoOf(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if info != nil {
		s.infos[id] = info
	}
}

// Next returns the oldest event that waits, and waits for one if there is none.
// It fails with io.EOF after Close, of the stream or the client, when all that
// waited was handed out; and with the error of ctx.
func (s *Stream) Next(ctx context.Context) (Event, error) {
	select {
	case <-s.reading:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { s.reading <- struct{}{} }()
	for len(s.ready) == 0 {
		e, err := s.inner.Next(ctx)
		if err != nil {
			return nil, err
		}
		s.addReady(e)
	}
	e := s.ready[0]
	s.ready[0] = nil
	s.ready = s.ready[1:]
	return e, nil
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

// Dropped returns the number of events that found the stream full.
func (s *Stream) Dropped() int64 { return s.inner.Dropped() }

// Close ends the stream; what waits can still be read.
func (s *Stream) Close() { s.inner.Close() }

// addReady makes an event ready, and behind it what it says of files.
func (s *Stream) addReady(e Event) {
	if e.Kind()&s.mask != 0 {
		s.ready = append(s.ready, e)
	}
	if s.counts != nil {
		s.updateCounts(e)
	}
}

// updateCounts follows which files are whole. The caller holds the turn.
func (s *Stream) updateCounts(e Event) {
	switch e := e.(type) {
	case engine.Added:
		s.mu.Lock()
		info := s.infos[e.Torrent]
		delete(s.infos, e.Torrent)
		s.mu.Unlock()
		delete(s.counts, e.Torrent)
		if info != nil {
			s.counts[e.Torrent] = newFileCount(info, e.Have)
		}
	case engine.Piece:
		if f := s.counts[e.Torrent]; f != nil {
			s.ready = f.addPiece(s.ready, e.Torrent, e.Piece)
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
		for i := range t.geometry.Pieces() {
			if have.Has(i) {
				s.ready = f.addPiece(s.ready, id, i)
			}
		}
	}
}

// A fileCount knows of each file of a torrent how many of its pieces are missing.
type fileCount struct {
	info    *metainfo.Info
	have    swarm.Bitfield
	missing []int32
}

func newFileCount(info *metainfo.Info, have swarm.Bitfield) *fileCount {
	f := &fileCount{info: info, have: have.Clone(), missing: make([]int32, len(info.Entries))}
	for i, e := range info.Entries {
		first, end := e.Pieces()
		for piece := first; piece < end; piece++ {
			if !have.Has(piece) {
				f.missing[i]++
			}
		}
	}
	return f
}

// addPiece notes a piece, and appends the files that it makes whole.
func (f *fileCount) addPiece(dst []Event, id swarm.ID, piece int) []Event {
	if f.have.Has(piece) {
		return dst
	}
	f.have.Set(piece)
	for i := range f.info.FilesOf(piece) {
		e := f.info.Entries[i]
		if f.missing[i]--; f.missing[i] == 0 && !e.Pad {
			dst = append(dst, FileCompleted{id, i, e.Path, e.Length})
		}
	}
	return dst
}
