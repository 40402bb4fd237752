package lazystorage

import (
	"cmp"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client/internal/recorder"
	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// An owner is an Owner made of functions. Those that a test does not expect are nil.
type owner struct {
	open           func(willCheck bool) (*Handle, error)
	idle           func()
	sync, complete func(swarm.Storage) error
	note           func(error) error
}

func (o owner) Open(willCheck bool) (*Handle, error) { return o.open(willCheck) }
func (o owner) Idle()                                { o.idle() }
func (o owner) Sync(s swarm.Storage) error           { return o.sync(s) }
func (o owner) Complete(s swarm.Storage) error       { return o.complete(s) }
func (o owner) Note(err error) error                 { return o.note(err) }

// TestLazyStorage uses the optional abilities of a Storage.
func TestLazyStorage(t *testing.T) {
	r := recorder.New(recorder.Config{Interval: time.Hour})
	defer r.Stop()
	var noted error
	note := func(err error) error {
		noted = cmp.Or(noted, err)
		return err
	}
	sync := func(s swarm.Storage) error { return cmp.Or(noted, swarm.Sync(s)) }
	l := New(owner{note: note, sync: sync}, Config{})
	l.SetOpen(&Handle{swarm.NewMemory(10), r})
	_, err := l.WriteAt([]byte{1}, 10)
	var broken *Error
	require.ErrorAs(t, err, &broken)
	require.False(t, r.SavePending())
	require.ErrorIs(t, l.Sync(), err, "nobody knows what is stored")
	noted = nil
	n, err := swarm.WriteVecAt(l, [][]byte{{1, 2}, {3}}, 1)
	require.NoError(t, err)
	require.Equal(t, int64(3), n)
	require.True(t, r.SavePending())
	p := make([]byte, 3)
	_, err = swarm.ReadVecAt(l, [][]byte{p[:1], p[1:]}, 1)
	require.NoError(t, err)
	require.Equal(t, []byte{1, 2, 3}, p)
	require.NoError(t, swarm.Sync(l))
	require.NoError(t, l.Close())
}

// fewLanes is a Storage with lanes.
type fewLanes struct{ swarm.Storage }

func (fewLanes) WriteLane(off int64) int { return int(off / 5) }

// TestLanesOfALazyStorage asks for lanes when it must not wait.
func TestLanesOfALazyStorage(t *testing.T) {
	l := New(owner{}, Config{})
	l.SetOpen(&Handle{swarm.NewMemory(10), nil})
	require.Negative(t, l.WriteLane(7), "its storage has none")
	l.open.Storage = fewLanes{l.open.Storage}
	require.Equal(t, 1, l.WriteLane(7))
	l.mu.RLock() // a call is under way
	require.Equal(t, 1, l.WriteLane(7))
	l.mu.RUnlock()
	l.mu.Lock() // it is being closed
	require.Negative(t, l.WriteLane(7))
	l.open = nil
	l.mu.Unlock()
	require.Negative(t, l.WriteLane(7), "it is idle")
}

// TestStorageStartsARecorder adds a torrent to the engine while a read reopens it. The one
// that comes last must start the recorder.
func TestStorageStartsARecorder(t *testing.T) {
	for range 1000 {
		asked := make(chan struct{}, 10)
		r := recorder.New(recorder.Config{
			Interval: -1,
			Checking: func() bool { return true },
			State: func() (swarm.Bitfield, map[int][]int, func(*resume.Totals)) {
				asked <- struct{}{}
				return nil, nil, func(*resume.Totals) {}
			},
			Keeper: keeper(t),
		})
		l := New(owner{open: func(bool) (*Handle, error) { return &Handle{swarm.NewMemory(1), r}, nil }}, Config{})
		var wg sync.WaitGroup
		wg.Go(l.StartSaving)
		wg.Go(func() { require.NoError(t, l.Reopen(false)) })
		wg.Wait()
		r.FlushNow()
		require.Len(t, asked, 1, "it was started")
	}
}

// keeper returns one that saves nothing.
func keeper(t *testing.T) *resume.Keeper {
	t.Helper()
	geometry := swarm.Geometry{Length: 1, PieceLength: 16 << 10}
	record := resume.Record{Swarms: []swarm.ID{{1}}, Length: 1, PieceLength: 16 << 10, Pieces: swarm.NewBitfield(1)}
	k, err := resume.OpenKeeper(record, resume.Config{Geometry: geometry, Save: func(resume.Record) error { return nil }})
	require.NoError(t, err)
	return k
}

// TestIdleBeforeTheEngineHasTheTorrent reports a torrent as idle while it is being added. It
// becomes idle when it was added.
func TestIdleBeforeTheEngineHasTheTorrent(t *testing.T) {
	idle := 0
	l := New(owner{idle: func() { idle++ }}, Config{})
	l.SetOpen(&Handle{swarm.NewMemory(1), nil})
	l.Idle()
	require.Zero(t, idle)
	l.StartSaving()
	require.Equal(t, 1, idle)
}

// TestSuspend closes what is open, unless it is refused, and opens it again.
func TestSuspend(t *testing.T) {
	opened, closed := 0, 0
	l := New(owner{open: func(bool) (*Handle, error) {
		opened++
		return &Handle{swarm.NewMemory(1), nil}, nil
	}}, Config{})
	suspend := func(ready bool) {
		l.Suspend(func(*Handle) bool { return ready }, func(_ *Handle, err error) {
			require.NoError(t, err)
			closed++
		})
	}
	suspend(true)
	require.Zero(t, closed, "nothing is open")
	_, err := l.ReadAt(make([]byte, 1), 0)
	require.NoError(t, err)
	suspend(false)
	require.NotNil(t, l.Current())
	suspend(true)
	require.Equal(t, 1, closed)
	require.Nil(t, l.Current())
	require.NoError(t, l.Reopen(false))
	require.Equal(t, 2, opened)
	require.NoError(t, l.Close())
	suspend(true)
	require.Equal(t, 1, closed, "Close was that")
}
