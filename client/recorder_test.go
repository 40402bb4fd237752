package client

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
func newRecorder(t *testing.T, state func() swarm.Bitfield) (*recorder, chan resume.Record) {
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
	return &recorder{
		keeper:   keeper,
		interval: time.Second,
		state: func() (swarm.Bitfield, map[int][]int, func(*resume.Totals)) {
			return state(), nil, func(*resume.Totals) {}
		},
		checking: func() bool { return false },
		warn:     func(err error) { t.Error(err) },
		held:     swarm.NewBitfield(1),
	}, saved
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
		r.scheduleSave()
		time.Sleep(time.Hour)
		require.True(t, r.savePending())
		require.False(t, r.flushNow())
		held = swarm.NewBitfield(1)
		held.Set(0)
		r.start()
		r.start()
		time.Sleep(time.Second)
		require.Equal(t, 1, (<-saved).Pieces.Count())
		time.Sleep(time.Hour) // polls until nothing changes
		require.False(t, r.savePending())
		require.Empty(t, saved)
		r.stop()
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
				r.checking = func() bool { return checking }
				r.start()
				r.scheduleAgain()
				if !check {
					r.scheduleSave()
				}
				time.Sleep(time.Hour)
				require.Equal(t, 1, (<-saved).Pieces.Count())
				r.stop()
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
	r.checking = func() bool { return checking }
	r.start()
	require.False(t, r.flushNow(), "more was found than the engine said")
	require.True(t, r.flushNow())
	r.stop()
}
