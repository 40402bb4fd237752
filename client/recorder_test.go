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
