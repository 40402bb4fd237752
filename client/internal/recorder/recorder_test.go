package recorder

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// newRecorder returns a recorder of a torrent of one piece, which state answers for, and
// a channel that gets each record that is saved.
func newRecorder(t *testing.T, state func() swarm.Bitfield) (*Recorder, chan resume.Record) {
	t.Helper()
	saved := make(chan resume.Record, 10)
	geometry := swarm.Geometry{Length: 10, PieceLength: 16 << 10}
	record := resume.Record{Swarms: []swarm.ID{{1}}, Length: 10, PieceLength: 16 << 10, Pieces: swarm.NewBitfield(1)}
	keeper, err := resume.OpenKeeper(record, resume.Config{
		Geometry: geometry,
		Save:     func(r resume.Record) error { saved <- r; return nil },
	})
	require.NoError(t, err)
	<-saved
	return New(Config{
		Keeper:   keeper,
		Interval: time.Second,
		State: func() (swarm.Bitfield, map[int][]int, func(*resume.Totals)) {
			return state(), nil, func(*resume.Totals) {}
		},
		Checking: func() bool { return false },
		Warn:     func(err error) { t.Error(err) },
		Held:     swarm.NewBitfield(1),
	}), saved
}

// TestRecorderWaitsForTheEngine writes while the engine does not have the torrent yet. No
// save may ask it, and the save must not be forgotten.
func TestRecorderWaitsForTheEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var held swarm.Bitfield // nil until the engine has the torrent
		r, saved := newRecorder(t, func() swarm.Bitfield {
			require.NotNil(t, held, "the engine was asked too early")
			return held.Clone()
		})
		r.ScheduleSave()
		time.Sleep(time.Hour)
		require.True(t, r.SavePending())
		require.False(t, r.FlushNow())
		held = swarm.NewBitfield(1)
		held.Set(0)
		r.Start()
		r.Start()
		time.Sleep(time.Second)
		require.Equal(t, 1, (<-saved).Pieces.Count())
		time.Sleep(time.Hour) // polls until nothing changes
		require.False(t, r.SavePending())
		require.Empty(t, saved)
		r.Stop()
	})
}

// TestRecorderLooksAgain has a piece held, or a check ended, right after the engine was asked
// what is held. Nothing else triggers the save that the record needs.
func TestRecorderLooksAgain(t *testing.T) {
	for name, check := range map[string]bool{"the end of a check": true, "a write": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				held, checking, asked := swarm.NewBitfield(1), check, 0
				r, saved := newRecorder(t, func() swarm.Bitfield {
					now := held.Clone()
					asked++
					held.Set(0)
					checking = false
					return now
				})
				r.Config.Checking = func() bool { return checking }
				r.Start()
				r.ScheduleAgain()
				if !check {
					r.ScheduleSave()
				}
				time.Sleep(time.Hour)
				require.Equal(t, 1, (<-saved).Pieces.Count())
				r.Stop()
				require.LessOrEqual(t, asked, 3, "it does not look for ever")
			})
		})
	}
}

// TestFlushNowSeesTheEndOfACheck is the same for a torrent that is about to be idle.
func TestFlushNowSeesTheEndOfACheck(t *testing.T) {
	checking := true
	r, _ := newRecorder(t, func() swarm.Bitfield {
		checking = false
		return swarm.NewBitfield(1)
	})
	r.Config.Checking = func() bool { return checking }
	r.Start()
	require.False(t, r.FlushNow(), "more was found than the engine said")
	require.True(t, r.FlushNow())
	r.Stop()
}
