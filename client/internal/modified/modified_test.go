package modified

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFiles(t *testing.T) {
	var f Files
	notice := func(paths ...string) { f.Notice(func() []string { return paths }) }
	require.Empty(t, f.ToCheck(true))
	require.False(t, f.Unchecked("a"))
	notice("a", "b")
	check := f.ToCheck(false)
	require.Len(t, check, 2)
	notice("b")
	require.True(t, f.Unchecked("a"), "until it is right")
	f.Right(check, false)
	require.False(t, f.Unchecked("a"))
	require.True(t, f.Unchecked("b"), "it changed while it was hashed")
	require.Len(t, f.ToCheck(false), 1)
	require.Len(t, f.ToCheck(true), 2, "the last look is at all")

	for range MaxFalseAlarms - 1 {
		f.Right(f.ToCheck(false), false)
	}
	notice("a")
	require.Empty(t, f.ToCheck(false), "times say nothing")
	require.True(t, f.Unchecked("a"))
	check = f.ToCheck(true)
	notice("b")
	f.Right(check, true)
	require.False(t, f.Unchecked("a"))
	require.True(t, f.Unchecked("b"))
	require.Len(t, f.ToCheck(true), 1)
	require.Equal(t, MaxFalseAlarms+1, f.FalseAlarms())
}
