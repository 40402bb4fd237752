package engine

import (
	"context"
	"io"
	"iter"
	"slices"
	"sync"

	"github.com/shoal-bt/shoal/swarm"
)

// A Stream is one listener's queue of events. It is bounded and never blocks the
// engine: when it is full the newest event is dropped and counted. Statistics
// replace older ones of the same torrent; Completed, Failed and Removed are
// never dropped. Its methods may be called from many goroutines.
type Stream struct {
	hub  *hub
	size int
	keep func(Event) bool // what it is for; nil for everything

	mu      sync.Mutex
	queue   []Event
	ready   chan struct{} // holds a token while the queue may hold something
	done    bool
	dropped int64
}

// hub hands each event to all streams.
type hub struct {
	mu      sync.Mutex
	streams []*Stream
	closed  bool
}

func (h *hub) subscribe(size int, keep func(Event) bool) *Stream {
	s := &Stream{hub: h, size: or(size, 1024), keep: keep, ready: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		s.finish()
		return s
	}
	h.streams = append(slices.Clip(h.streams), s)
	return s
}

func (h *hub) emit(e Event) {
	h.mu.Lock()
	streams := h.streams
	h.mu.Unlock()
	for _, s := range streams {
		s.add(e)
	}
}

func (h *hub) close() {
	h.mu.Lock()
	h.closed = true
	streams := h.streams
	h.streams = nil
	h.mu.Unlock()
	for _, s := range streams {
		s.finish()
	}
}

func (s *Stream) add(e Event) {
	if s.keep != nil && !s.keep(e) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done {
		return
	}
	if tick, ok := e.(StatsTick); ok && s.replace(tick) {
		return
	}
	if len(s.queue) >= s.size && e.Kind()&(OnCompleted|OnFailed|OnRemoved) == 0 {
		s.dropped++
		return
	}
	s.queue = append(s.queue, e)
	s.wake()
}

// replace puts tick in the place of an older one that waits.
func (s *Stream) replace(tick StatsTick) bool {
	for i, old := range s.queue {
		if o, ok := old.(StatsTick); ok && o.Stats.Torrent == tick.Stats.Torrent {
			s.queue[i] = tick
			return true
		}
	}
	return false
}

func (s *Stream) wake() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

func (s *Stream) finish() {
	s.mu.Lock()
	s.done = true
	s.mu.Unlock()
	s.wake()
}

// Next returns the oldest event that waits, and waits for one if there is none.
// It fails with io.EOF after Close, when all that waited was handed out.
func (s *Stream) Next(ctx context.Context) (Event, error) {
	for {
		s.mu.Lock()
		if len(s.queue) > 0 {
			e := s.queue[0]
			s.queue[0] = nil
			s.queue = s.queue[1:]
			if len(s.queue) > 0 {
				s.wake()
			}
			s.mu.Unlock()
			return e, nil
		}
		done := s.done
		s.mu.Unlock()
		if done {
			s.wake() // others may wait too
			return nil, io.EOF
		}
		select {
		case <-s.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
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
func (s *Stream) Dropped() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dropped
}

// Close ends the stream; what waits can still be read.
func (s *Stream) Close() {
	s.hub.mu.Lock()
	s.hub.streams = slices.DeleteFunc(slices.Clone(s.hub.streams), func(o *Stream) bool { return o == s })
	s.hub.mu.Unlock()
	s.finish()
}

// TorrentOf returns the torrent that an event is about; the zero ID for none.
func TorrentOf(e Event) swarm.ID {
	switch e := e.(type) {
	case Held:
		return e.Torrent
	case Added:
		return e.Torrent
	case Checking:
		return e.Torrent
	case Piece:
		return e.Torrent
	case PieceFailed:
		return e.Torrent
	case Completed:
		return e.Torrent
	case Paused:
		return e.Torrent
	case Resumed:
		return e.Torrent
	case Removed:
		return e.Torrent
	case NothingWanted:
		return e.Torrent
	case NoPeers:
		return e.Torrent
	case PeerConnected:
		return e.Torrent
	case PeerLost:
		return e.Torrent
	case PeerFailed:
		return e.Torrent
	case PeerBlocked:
		return e.Torrent
	case PeerBanned:
		return e.Torrent
	case SourceReply:
		return e.Torrent
	case SourceError:
		return e.Torrent
	case Warning:
		return e.Torrent
	case Failed:
		return e.Torrent
	case StatsTick:
		return e.Stats.Torrent
	}
	return swarm.ID{}
}
