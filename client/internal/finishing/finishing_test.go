package finishing

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

// A store notes which files it moves.
type store struct{ moved []int }

var errMove = errors.New("something is there")

func (s *store) FinishFile(index int) error {
	s.moved = append(s.moved, index)
	if index == 3 {
		return errMove
	}
	return nil
}

func TestFinish(t *testing.T) {
	files := []swarm.File{
		{Path: "a", Offset: 0, Length: 15},
		{Path: "pad", Offset: 15, Length: 5, Pad: true},
		{Path: "empty", Offset: 20},
		{Path: "b", Offset: 20, Length: 10},
		{Path: "unwanted", Offset: 30, Length: 10},
		{Path: "missing", Offset: 40, Length: 20},
	}
	g := swarm.Geometry{Length: 60, PieceLength: 10}
	held := swarm.NewBitfield(6)
	held.SetAll(5)
	var f Files
	var s store
	var warnings []error
	finish := func() {
		f.Finish(&s, files, g, held, func(i int) bool { return i != 4 }, func(err error) { warnings = append(warnings, err) })
	}
	finish()
	finish()
	require.Equal(t, []int{0, 3}, s.moved, "each once")
	require.Equal(t, []error{errMove}, warnings)
	held.SetAll(6)
	finish()
	require.Equal(t, []int{0, 3, 5}, s.moved)
	f.Reset()
	finish()
	require.Equal(t, []int{0, 3, 5, 0, 3, 5}, s.moved)
}
