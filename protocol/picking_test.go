package protocol

import (
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/piecepicker"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func TestPickerOnlyWhilePiecesAreMissing(t *testing.T) {
	made := 0
	w := newWorld(t, []string{"have", "1111"})
	newPicker := w.s.newPicker
	w.s.newPicker = func() swarm.Picker {
		made++
		return newPicker()
	}
	w.play("begin", "peer 1 joins fast all", "peer 2 joins fast 1110", "peer 2 sends interested", "+1s")
	require.False(t, w.s.hasPicker())
	require.Zero(t, made, "a complete torrent needs no picker")

	w.take()
	w.play("recheck", "stored 0,1,2,3 0,2,3", "checked", "peer 3 joins fast 1110", "peer 3 sends interested")
	require.True(t, w.s.hasPicker(), "a piece is missing again")
	require.Equal(t, 1, made)
	require.Contains(t, w.take(), "to 3: interested")

	w.play("peer 3 sends unchoke", "peer 3 sends piece 1.0", "peer 3 sends piece 1.1", "verdict 1 ok")
	require.False(t, w.s.hasPicker())
	require.Contains(t, w.take(), "to 3: not interested")
	require.Equal(t, 1, made)
	w.finish()
}

func TestPickerAfterAPauseKnowsWhatArrived(t *testing.T) {
	made := 0
	w := newWorld(t, []string{"piece", "4b", "length", "16b"})
	newPicker := w.s.newPicker
	w.s.newPicker = func() swarm.Picker {
		made++
		return newPicker()
	}
	w.play("begin", "peer 1 joins fast 1111", "peer 1 sends unchoke", "peer 1 sends piece 0.0", "peer 1 sends piece 0.2", "pause")
	require.False(t, w.s.hasPicker())
	w.play("peer 1 goes", "written 0", "resume")
	require.Equal(t, 2, made)
	w.take()
	w.play("peer 2 joins fast 1111", "peer 2 sends unchoke")
	require.Contains(t, strings.Join(w.take(), "\n"), "request 0.1 0.3 1.0", "what is left of the piece comes first")
	w.finish()
}

// TestSilentPeerIsNotFast: in the end game a block is requested of a third peer only if that one
// should be faster than the two before. A peer that says what it has and sent nothing yet makes
// no block overdue, or two that send would both be asked for what it keeps.
func TestSilentPeerIsNotFast(t *testing.T) {
	w := newWorld(t, []string{"piece", "2b", "length", "4b"})
	w.s.newPicker = func() swarm.Picker { return piecepicker.NewSequential(*w.setup.Geometry, piecepicker.Config{}) }
	w.play("begin")
	for _, peer := range []string{"1", "2", "3"} {
		w.play("peer "+peer+" joins fast 11", "peer "+peer+" sends unchoke")
	}
	w.take()
	w.play("+1s", "peer 2 sends piece 0.0")
	require.Equal(t, []string{"to 1: cancel 0.0"}, w.take(), "peer 1 has sent nothing, and peer 3 was not asked")
	w.play("peer 1 sends piece 0.1", "peer 3 sends unchoke")
	require.Contains(t, strings.Join(w.take(), "\n"), "to 2: cancel 0.1", "what one peer keeps is requested of a second one")
	w.finish()
}
