package layout

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAlignUp(t *testing.T) {
	for off, want := range map[int64]int64{0: 0, 1: 16, 15: 16, 16: 16, 17: 32} {
		require.Equal(t, want, AlignUp(off, 16), "%d", off)
	}
}

func TestPadNames(t *testing.T) {
	require.True(t, IsPadName([]string{"a", "_____padding_file_0_if you see this"}))
	require.False(t, IsPadName([]string{"_____padding_file_0", "b"}))
	require.False(t, IsPadName(nil))
	require.Equal(t, []string{".pad", "7"}, PadPath(7))
}

// Files are their lengths, and pads are negative.
func TestWithPads(t *testing.T) {
	length := func(n *int64) int64 { return max(*n, -*n) }
	pad := func(n int64) int64 { return -n }
	for _, test := range []struct {
		name        string
		files, want []int64
		tail        int64
	}{
		{"nothing", nil, []int64{}, 0},
		{"one file", []int64{5}, []int64{5}, 0},
		{"a pad between files", []int64{5, 16, 3}, []int64{5, -11, 16, 3}, 0},
		{"empty files need none", []int64{5, 0, 7, 0}, []int64{5, -11, 0, 7, 0}, 0},
		{"a tail", []int64{16, 7, 0}, []int64{16, 7, -9, 0}, 9},
		{"no content", []int64{0, 0}, []int64{0, 0}, 0},
	} {
		require.Equal(t, test.want, WithPads(test.files, length, pad, 16, test.tail), test.name)
	}
}
