package engine

import (
	"context"
	"iter"

	"github.com/shoal-bt/shoal/engine/internal/events"
)

// A Stream is one listener's queue of events. It is bounded and never blocks the
// engine: when it is full the newest event is dropped and counted. Events that peers
// cause, such as PeerLost and PieceFailed, are dropped when half is full. Statistics
// replace older ones of the same torrent; Completed, Failed and Removed are
// never dropped. Its methods may be called from many goroutines.
type Stream struct{ queue *events.Queue }

// Next returns the oldest event that waits, and waits for one if there is none.
// After Close it returns what still waits, and then io.EOF.
func (s *Stream) Next(ctx context.Context) (Event, error) { return s.queue.Next(ctx) }

// All yields events until ctx is done or the stream is closed.
func (s *Stream) All(ctx context.Context) iter.Seq[Event] { return s.queue.All(ctx) }

// Dropped returns the number of events that found the stream full.
func (s *Stream) Dropped() int64 { return s.queue.Dropped() }

// Close ends the stream; what waits can still be read.
func (s *Stream) Close() { s.queue.Close() }

// Subscribe returns a stream of the events from now on, of which size may wait;
// zero means 1,024. The first are where the engine listens.
func (e *Engine) Subscribe(size int) *Stream { return e.SubscribeTo(size, nil) }

// SubscribeTo is Subscribe for some of the events, so that others take no room in
// the stream: those for which keep returns true. keep is called by many goroutines
// at once, for every event, and must not block. Nil keeps all.
func (e *Engine) SubscribeTo(size int, keep func(Event) bool) *Stream {
	q := e.hub.Subscribe(size, keep)
	if e.cfg.Torrent.Events&OnListening != 0 {
		for _, a := range e.Addrs() {
			q.Add(Listening{a})
		}
	}
	return &Stream{q}
}

// Report hands an event of the caller's to all streams, such as a Warning about
// something that the engine does not see.
func (e *Engine) Report(ev Event) { e.hub.Emit(ev) }
