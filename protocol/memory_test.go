package protocol

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Without a Memory every unit is granted, and all of them are back at the end: also those
// of blocks that nobody asked for, that came late or were wrong.
func TestDownloadWithoutMemory(t *testing.T) {
	w := newWorld(t, []string{"piece", "2b", "length", "5b"})
	w.setup.Memory = nil
	w.s = New(w.now, w.setup)
	w.play("begin", "peer 1 joins 111", "peer 1 sends unchoke")
	require.Equal(t, 5, w.s.memory.Held(), "one for each request")
	w.play("peer 1 sends piece 2.0, bad 0.0, piece 0.1, piece 2.0, piece 1.0",
		"reclaim",
		"verdict 0 wrong",
		"peer 1 goes",
		"written 1",
		"verdict 2 ok",
		"peer 2 joins fast all",
		"peer 2 sends unchoke",
		"peer 2 sends piece 0.0, piece 0.1",
		"peer 2 sends piece 1.0, reject 1.1",
		"verdict 0 ok")
	require.NotZero(t, w.s.memory.Held(), "a block of piece 1 is in memory")
	w.play("peer 3 joins 111", "peer 3 sends unchoke", "peer 2 sends piece 1.1", "verdict 1 ok")
	require.True(t, w.s.complete())
	w.finish()
	require.Zero(t, w.s.memory.Held())
}
