package diskstore

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

func TestSmoke(t *testing.T) {
	dir := t.TempDir()
	files := []swarm.File{{Path: "n/a", Length: 10}, {Path: ".pad/6", Offset: 10, Length: 6, Pad: true}, {Path: "n/e", Offset: 16}, {Path: "n/d/b", Offset: 16, Length: 5}}
	s, err := Open(dir, files, Options{})
	require.NoError(t, err)
	n, err := swarm.WriteVecAt(s, [][]byte{bytes.Repeat([]byte{1}, 7), bytes.Repeat([]byte{2}, 14)}, 0)
	require.NoError(t, err)
	require.EqualValues(t, 21, n)
	p := make([]byte, 21)
	_, err = s.ReadAt(p, 0)
	require.NoError(t, err)
	require.Equal(t, []byte("\x01\x01\x01\x01\x01\x01\x01\x02\x02\x02\x00\x00\x00\x00\x00\x00\x02\x02\x02\x02\x02"), p)
	require.NoError(t, s.Sync())
	require.NoError(t, s.Close())
	require.Zero(t, s.handles.Open())
}
