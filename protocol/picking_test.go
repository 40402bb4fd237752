package protocol

import (
	"strings"
	"testing"

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
