package selection

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// filesOf returns files of some lengths; a negative one is that of a pad. Pieces have 10 bytes.
func filesOf(lengths ...int64) (files []swarm.File, g swarm.Geometry) {
	g.PieceLength = 10
	for _, n := range lengths {
		files = append(files, swarm.File{Length: max(n, -n), Pad: n < 0})
		g.Length += max(n, -n)
	}
	return files, g
}

// newSelection returns the selection of files of some lengths.
func newSelection(lengths ...int64) *Selection {
	files, g := filesOf(lengths...)
	return New(files, g)
}

func TestFiles(t *testing.T) {
	s := newSelection(15, 0, 10, 5, 20) // in pieces 0–1, none, 1–2, 2, 3–4
	require.Nil(t, s.Pieces())
	require.Nil(t, s.Unwanted())
	runs, err := s.SetFiles([]int{0, 0, AsIs, 7, 0})
	require.NoError(t, err)
	require.Equal(t, []Run{{0, 0, 0}, {2, 2, 7}, {3, 4, 0}}, runs)
	require.Equal(t, []uint8{0, 4, 7, 0, 0}, s.Pieces())
	require.Equal(t, []bool{true, true, false, false, true}, s.Unwanted())
	require.True(t, s.Has(1))
	for _, piece := range []int{-1, 0, 4, 5} {
		require.False(t, s.Has(piece))
	}
	runs, err = s.SetFile(2, 0)
	require.NoError(t, err)
	require.Equal(t, []Run{{1, 1, 0}}, runs, "the other piece has one that is wanted")
	runs, err = s.SetFile(1, 5)
	require.NoError(t, err)
	require.Empty(t, runs, "the file has no bytes")
	require.Equal(t, 5, s.File(1))
	runs, err = s.SetFiles([]int{4, 4, 4, 4, 4})
	require.NoError(t, err)
	require.Equal(t, []Run{{0, 4, 4}}, runs)
	require.Nil(t, s.Pieces())
	runs, err = s.SetFiles([]int{4, 4, 4, 4, 4})
	require.NoError(t, err)
	require.Empty(t, runs)
}

// TestPieces has what was set by range hold until one of the files of a piece gets a priority.
func TestPieces(t *testing.T) {
	s := newSelection(20, 20, 20)
	runs, err := s.SetPieces(1, 4, 6)
	require.NoError(t, err)
	require.Equal(t, []Run{{1, 4, 6}}, runs)
	_, err = s.SetFiles([]int{AsIs, AsIs, AsIs})
	require.NoError(t, err)
	require.Equal(t, []uint8{4, 6, 6, 6, 6, 4}, s.Pieces())
	runs, err = s.SetFile(1, 4)
	require.NoError(t, err)
	require.Equal(t, []Run{{2, 3, 4}}, runs)
	s.SetFirstLast(true)
	require.Equal(t, []uint8{7, 6, 7, 7, 6, 7}, s.Pieces(), "a range counts more")
	_, err = s.SetFiles([]int{0, AsIs, 0})
	require.NoError(t, err)
	require.Equal(t, []uint8{0, 0, 7, 7, 0, 0}, s.Pieces())
	runs, err = s.Want(0)
	require.NoError(t, err)
	require.Equal(t, []Run{{0, 0, 1}}, runs)
	runs, err = s.Want(0)
	require.NoError(t, err)
	require.Empty(t, runs)
	require.Equal(t, []bool{true, false, true}, s.Unwanted())
}

func TestFirstLast(t *testing.T) {
	s := newSelection(30, 0, 5, 40, 30)
	_, err := s.SetFile(3, 0)
	require.NoError(t, err)
	s.SetFirstLast(true)
	require.True(t, s.FirstLast())
	require.Equal(t, []uint8{7, 4, 7, 7, 0, 0, 0, 7, 4, 4, 7}, append(s.Pieces()[:7:7], s.Pieces()[7:]...))
	runs := s.SetFirstLast(false)
	require.Equal(t, []Run{{0, 0, 4}, {2, 3, 4}, {7, 7, 4}, {10, 10, 4}}, runs)
}

// TestPads has pieces without bytes of files wanted only with all the rest.
func TestPads(t *testing.T) {
	s := newSelection(5, -5, -20, 10, -7)
	require.Nil(t, s.Pieces())
	runs, err := s.SetFiles([]int{4, 0, 0, 4, 0})
	require.NoError(t, err)
	require.Empty(t, runs)
	require.Nil(t, s.Unwanted())
	runs, err = s.SetFile(3, 0)
	require.NoError(t, err)
	require.Equal(t, []Run{{1, 4, 0}}, runs)
	runs, err = s.SetFile(3, 2)
	require.NoError(t, err)
	require.Equal(t, []Run{{1, 4, 2}}, runs)
	require.Nil(t, newSelection(-20).Pieces())
	require.Nil(t, newSelection().Pieces())
}

func TestOutOfRange(t *testing.T) {
	s := newSelection(10, 10)
	var outside *RangeError
	for want, err := range map[string]error{
		"priority 8: must be from 0 to 7":                                       second(s.SetFile(0, 8)),
		"priority -1: must be from 0 to 7":                                      second(s.SetFile(0, -1)),
		"file 2: must be from 0 to 1":                                           second(s.SetFile(2, 1)),
		"file -1: must be from 0 to 1":                                          second(s.SetFile(-1, 1)),
		"number of priorities 1: must be 2":                                     second(s.SetFiles([]int{0})),
		"priority 9: must be from 0 to 7":                                       second(s.SetFiles([]int{0, 9})),
		"priority 256: must be from 0 to 7":                                     second(s.SetPieces(0, 1, 256)),
		"piece -2: must be from 0 to 1":                                         second(s.SetPieces(-2, 1, 1)),
		"piece 3: must be from 0 to 1":                                          second(s.SetPieces(0, 3, 1)),
		"piece 2: must be from 0 to 1":                                          second(s.Want(2)),
		"the range from piece 1 to 0 is backwards: name its first piece first":  second(s.SetPieces(1, 0, 1)),
		"the range from piece 1 to -5 is backwards: name its first piece first": second(s.SetPieces(1, -5, 1)),
		"piece 0: the torrent has none":                                         second(newSelection().SetPieces(0, 0, 1)),
	} {
		require.EqualError(t, err, want)
		require.ErrorAs(t, err, &outside)
	}
	require.Nil(t, s.Pieces(), "nothing has changed")
}

func second(_ []Run, err error) error { return err }

// TestChangesAgree compares the pieces after many changes with those of a selection that got all
// of them at once.
func TestChangesAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var lengths []int64
		for range 1 + r.IntN(20) {
			lengths = append(lengths, []int64{0, 1, 5, 10, 33, -7, -25}[r.IntN(7)])
		}
		s := newSelection(lengths...)
		pieces := slices.Repeat([]uint8{Default}, len(s.pieces))
		for range 30 {
			var runs []Run
			switch r.IntN(3) {
			case 0:
				runs, _ = s.SetFile(r.IntN(len(lengths)), r.IntN(8))
			case 1:
				runs = s.SetFirstLast(r.IntN(2) == 0)
			case 2:
				runs, _ = s.SetFiles(slices.Repeat([]int{r.IntN(9) - 1}, len(lengths)))
			}
			for _, run := range runs {
				for i := run.First; i <= run.Last; i++ {
					require.NotEqual(t, pieces[i], run.Priority)
					pieces[i] = run.Priority
				}
			}
			require.Equal(t, pieces, s.pieces)
			fresh := newSelection(lengths...)
			var files []int
			for i := range lengths {
				files = append(files, s.File(i))
			}
			_, err := fresh.SetFiles(files)
			require.NoError(t, err)
			fresh.SetFirstLast(s.FirstLast())
			require.Equal(t, fresh.pieces, s.pieces)
		}
	}
}

func TestOfLink(t *testing.T) {
	for _, test := range []struct {
		link []metainfo.Range
		want []int
	}{
		{nil, nil},
		{[]metainfo.Range{{First: 1, Last: 2}}, []int{0, 4, 4, 0}},
		{[]metainfo.Range{{First: 0, Last: 0}, {First: 0, Last: 1}, {First: 3, Last: math.MaxInt}}, []int{4, 4, 0, 4}},
		{[]metainfo.Range{{First: 4, Last: 9}}, nil},
		{[]metainfo.Range{{First: -3, Last: 9}, {First: 2, Last: 1}}, nil},
	} {
		require.Equal(t, test.want, OfLink(test.link, 4))
	}
}

// BenchmarkSetFiles changes all of 100,000 files, every second one to another priority.
func BenchmarkSetFiles(b *testing.B) {
	lengths := slices.Repeat([]int64{17}, 100_000)
	s := newSelection(lengths...)
	priorities := make([]int, len(lengths))
	for b.Loop() {
		for i := range priorities {
			priorities[i] = (priorities[i] + i%2 + 1) % (Highest + 1)
		}
		_, err := s.SetFiles(priorities)
		require.NoError(b, err)
	}
}
