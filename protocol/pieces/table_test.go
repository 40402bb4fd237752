package pieces

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// pieceOf returns the number of an assembly's piece; -1 for none.
func pieceOf(a *Assembly) int {
	if a == nil {
		return -1
	}
	return a.Piece
}

func TestZeroTableCanBeRead(t *testing.T) {
	var table Table
	require.Zero(t, table.Len())
	require.Nil(t, table.Get(0))
	require.Nil(t, table.Current(0, 0))
	require.Empty(t, table.InOrder())
	require.Empty(t, table.Spilled())
	require.Nil(t, table.LeastComplete())
	require.Nil(t, table.LongestFront(4))
	require.False(t, table.AnyWithin(1000))
	table.Forget(0)
	table.ForgetEmpty()
	table.Clear()
}

func TestCurrentKnowsTheAttempt(t *testing.T) {
	table := newTable(t, "..", "..")
	first := table.Get(1)
	require.Same(t, first, table.Current(1, first.Serial))
	require.Nil(t, table.Current(1, first.Serial+1))
	table.Forget(1)
	require.Nil(t, table.Current(1, first.Serial), "it was forgotten")
	second := table.Begin(1, 77)
	require.Nil(t, table.Current(1, first.Serial), "the answer is about an earlier attempt")
	require.Same(t, second, table.Current(1, 77))
	table.Clear()
	require.Zero(t, table.Len())
	require.Nil(t, table.Current(1, 77))
}

func TestInOrder(t *testing.T) {
	table := newTable(t, "m", "", "m", "", "m", "m", "", "m", "m")
	for range 20 {
		var got []int
		for _, a := range table.InOrder() {
			got = append(got, a.Piece)
		}
		require.Equal(t, []int{0, 2, 4, 5, 7, 8}, got)
	}
}

func TestForgetEmpty(t *testing.T) {
	table := newTable(t, "..", "m.", "s.", "..", "..", "p.", "pp")
	table.Get(3).Spilling = 1
	table.Get(4).Checking = true
	table.Get(6).Checking = true
	table.ForgetEmpty()
	var left []int
	for _, a := range table.InOrder() {
		left = append(left, a.Piece)
	}
	require.Equal(t, []int{1, 2, 3, 4, 6}, left)
}

func TestAnyWithin(t *testing.T) {
	table := newTable(t, "m...", "mm..", "mmm.")
	require.True(t, table.AnyWithin(1))
	require.False(t, table.AnyWithin(0))
	table.Get(2).Checking = true
	require.False(t, table.AnyWithin(1))
	require.True(t, table.AnyWithin(2))
}

func TestLeastComplete(t *testing.T) {
	for _, test := range []struct {
		name    string
		layouts []string
		change  func(*Table)
		want    int
	}{
		{"most blocks missing", []string{"mmm.", "m...", "mm.."}, nil, 1},
		{"of two the later", []string{"m...", "mm..", ".m..", "mm.."}, nil, 2},
		{"nothing in memory", []string{"s...", "....", "mmm."}, nil, 2},
		{"pads are not missing", []string{"mppp", "mm.."}, nil, 1},
		{"spilling", []string{"m...", "mm.."}, func(t *Table) { t.Get(0).Spilling = 1 }, 1},
		{"checking", []string{"m...", "mm.."}, func(t *Table) { t.Get(0).Checking = true }, 1},
		{"none", []string{"s...", "...."}, nil, -1},
	} {
		table := newTable(t, test.layouts...)
		if test.change != nil {
			test.change(table)
		}
		for range 20 {
			require.Equal(t, test.want, pieceOf(table.LeastComplete()), test.name)
		}
	}
}

func TestLongestFront(t *testing.T) {
	for _, test := range []struct {
		name    string
		layouts []string
		change  func(*Table)
		want    int
	}{
		{"most blocks at the front", []string{"m...", "mm..", ".mmm"}, nil, 1},
		{"of two the earlier", []string{"m...", "mm..", "mm..", "mm.."}, nil, 1},
		{"not the last section", []string{"mmmm", "m..."}, nil, 1},
		{"behind what is hashed", []string{"sm..", "m..."}, func(t *Table) { t.Get(0).Hashed = 1 }, 0},
		{"the last section, behind what is hashed", []string{"sssm", "...."}, func(t *Table) { t.Get(0).Hashed = 3 }, -1},
		{"a section is under way", []string{"mm..", "m..."}, func(t *Table) { t.Get(0).Hashing = 1 }, 1},
		{"checking", []string{"mm..", "m..."}, func(t *Table) { t.Get(0).Checking = true }, 1},
		{"none", []string{"s...", "....", ".mmm"}, nil, -1},
	} {
		table := newTable(t, test.layouts...)
		if test.change != nil {
			test.change(table)
		}
		for range 20 {
			require.Equal(t, test.want, pieceOf(table.LongestFront(8)), test.name)
		}
	}
}

func TestSpilled(t *testing.T) {
	table := newTable(t, "s.sm", "mmmm", "....", "ssss", "ssss", "ssss", "psp.", "ssss")
	table.Get(3).Checking = true
	table.Get(4).Spilling = 1
	table.Get(5).Hashed, table.Get(5).Hashing = 1, 2
	table.Get(7).Hashed, table.Get(7).Writing = 3, []Span{{0, 1}, {2, 3}}
	want := map[int][]int{
		0: {0, 2},
		5: {0, 3}, // 1 and 2 are with verifiers
		6: {1},
		7: {1, 3}, // 0 and 2 are being written
	}
	got := table.Spilled()
	require.Equal(t, want, got)
	got[0][0] = 99
	require.Equal(t, want[5], table.Spilled()[5])
	require.Equal(t, []int{0, 2}, table.Spilled()[0], "the caller owns what it got")
}
