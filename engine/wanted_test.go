package engine

import (
	"bytes"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// synced is a storage that counts the calls of Sync and Complete.
type synced struct {
	*swarm.Memory
	syncs, completes atomic.Int32
}

func (s *synced) Sync() error {
	s.syncs.Add(1)
	return nil
}

func (s *synced) Complete() error {
	s.completes.Add(1)
	return nil
}

// Only what is wanted is downloaded. With that the torrent is a partial seed, from which others
// get it. When more is wanted it goes on, and sources hear once that it has everything.
func TestWantedPart(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 2<<20, 1<<18)
		seed, e, third := r.engine("10.0.0.1", link, Config{}), r.engine("10.0.0.2", link, Config{}), r.engine("10.0.0.3", link, Config{})
		events := e.SubscribeTo(0, func(ev Event) bool { return ev.Kind()&OnCompleted != 0 })
		r.seed(seed, s)
		storage, source := &synced{Memory: swarm.NewMemory(s.geometry.Length)}, new(ear)
		spec := s.spec(storage, source, list(at(seed)))
		spec.Priorities = []uint8{0, 4, 0, 0, 7, 0, 0, 0}
		x := r.add(e, spec)
		r.wait(x, time.Minute)
		stats := x.Stats()
		require.True(t, stats.Finished() && !stats.Complete())
		require.Equal(t, 2, stats.Held)
		require.Equal(t, [...]int64{2, 2, 2 << 18, 0}, [...]int64{int64(stats.Wanted), int64(stats.WantedHeld), stats.WantedLength, stats.WantedLeft})
		require.EqualValues(t, 2<<18, stats.Down.Total, "what is not wanted was downloaded")
		require.EqualValues(t, 6<<18, stats.Left)
		require.EqualValues(t, 1, storage.syncs.Load())
		require.Zero(t, storage.completes.Load())
		require.ErrorIs(t, x.Await(t.Context(), 2), ErrNotWanted)
		require.NoError(t, x.Await(t.Context(), 4))

		spec = s.spec(swarm.NewMemory(s.geometry.Length), list(at(e)))
		spec.Priorities = []uint8{0, 4, 0, 0, 4, 0, 0, 0}
		r.wait(r.add(third, spec), time.Minute)

		time.Sleep(2 * time.Minute) // for one more announce
		require.NoError(t, x.Prioritize([]PriorityRun{{Last: 7, Priority: 4}}))
		require.Equal(t, bytes.Repeat([]byte{4}, 8), x.Priorities())
		r.wait(x, 3*time.Minute)
		s.has(t, storage)
		require.EqualValues(t, 1, storage.completes.Load())
		time.Sleep(2 * time.Minute)
		r.close(e)
		heard := slices.Compact(source.heard)
		require.Equal(t, []swarm.Event{swarm.Started, swarm.Paused, swarm.None, swarm.Completed, swarm.None, swarm.Stopped}, heard)
		got := slices.Collect(events.All(t.Context()))
		require.Equal(t, []Event{Completed{Torrent: s.id}, Completed{Torrent: s.id, All: true}}, got)
	})
}

func run(first, last int, priority uint8) PriorityRun {
	return PriorityRun{First: first, Last: last, Priority: priority}
}

// Calls that cannot be carried out say so, in every phase, and change nothing.
func TestPrioritizeErrors(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		e := r.engine("10.0.0.1", link, Config{})
		spec := s.spec(swarm.NewMemory(s.geometry.Length))
		spec.Paused, spec.Sequential, spec.Deadlines = true, true, map[int]time.Time{2: time.Now()}
		x := r.add(e, spec)
		require.True(t, x.Sequential())
		var outside *RangeError
		for _, bad := range []PriorityRun{run(3, 2, 4), run(0, 4, 4), run(-1, 0, 4), run(0, 0, 8)} {
			err := x.Prioritize([]PriorityRun{run(0, 3, 1), bad})
			require.True(t, errors.As(err, &outside), "%v", err)
			require.Equal(t, RangeError{Run: bad, Pieces: 4}, *outside)
		}
		require.ErrorAs(t, x.SetDeadline(4, time.Now()), &outside)
		require.Equal(t, []uint8{4, 4, 4, 4}, x.Priorities())
		require.NoError(t, x.Prioritize(nil))
		require.NoError(t, x.SetDeadline(1, time.Now()))
		require.Len(t, x.Deadlines(), 2)
		at := time.Now().Add(time.Hour)
		require.ErrorAs(t, x.SetDeadlines([]Deadline{{Piece: 1}, {Piece: 0, At: at}, {Piece: 4, At: at}}), &outside)
		require.Len(t, x.Deadlines(), 2)
		require.NoError(t, x.SetDeadlines([]Deadline{{Piece: 1}, {Piece: 2, At: at}, {Piece: 0, At: time.Now()}, {Piece: 0, At: at}}))
		require.Equal(t, map[int]time.Time{0: at, 2: at}, x.Deadlines())
		require.NoError(t, x.SetDeadlines(nil))
		require.NoError(t, x.ClearDeadlines())
		require.NoError(t, x.SetSequential(false))
		require.NoError(t, x.Prioritize([]PriorityRun{run(1, 1, 7), run(0, 2, 2), run(2, 3, 0)}))
		require.NoError(t, x.Close())
		require.Equal(t, []uint8{2, 2, 0, 0}, x.Priorities(), "after Close")
		require.Empty(t, x.Deadlines())
		require.False(t, x.Sequential())
		require.ErrorIs(t, x.Prioritize(nil), ErrClosed)
		require.ErrorIs(t, x.SetDeadline(0, time.Time{}), ErrClosed)
		require.ErrorIs(t, x.ClearDeadlines(), ErrClosed)
		require.ErrorIs(t, x.SetSequential(true), ErrClosed)
	})
}

// Not every picker takes orders.
func TestPlainPicker(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		s := newSample(1, 1<<20, 1<<18)
		e := r.engine("10.0.0.1", link, Config{})
		plain := func() Spec {
			spec := s.spec(swarm.NewMemory(s.geometry.Length))
			inner := spec.NewPicker
			spec.NewPicker = func() swarm.Picker { return struct{ swarm.Picker }{inner()} }
			return spec
		}
		x := r.add(e, plain())
		require.ErrorIs(t, x.Prioritize(nil), ErrNotPrioritizer)
		require.ErrorIs(t, x.SetDeadline(0, time.Now()), ErrNotPrioritizer)
		require.ErrorIs(t, x.SetSequential(true), ErrNotSequencer)
		require.NoError(t, x.Close())
		for _, c := range []struct {
			change func(*Spec)
			want   error
		}{
			{func(s *Spec) { s.Priorities = make([]uint8, 4) }, ErrNotPrioritizer},
			{func(s *Spec) { s.Deadlines = map[int]time.Time{0: time.Now()} }, ErrNotPrioritizer},
			{func(s *Spec) { s.Sequential = true }, ErrNotSequencer},
		} {
			spec := plain()
			c.change(&spec)
			_, err := e.Add(spec)
			require.ErrorIs(t, err, c.want)
		}
		spec := s.spec(swarm.NewMemory(s.geometry.Length))
		spec.Priorities = make([]uint8, 3)
		_, err := e.Add(spec)
		require.EqualError(t, err, "engine: 3 priorities for 4 pieces: there must be one for each")
		var outside *RangeError
		spec.Priorities = []uint8{1, 2, 3, 8}
		_, err = e.Add(spec)
		require.ErrorAs(t, err, &outside)
		spec.Priorities, spec.Deadlines = nil, map[int]time.Time{-1: time.Now()}
		_, err = e.Add(spec)
		require.ErrorAs(t, err, &outside)
	})
}
