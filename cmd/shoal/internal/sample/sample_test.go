package sample

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSampleFiles(t *testing.T) {
	for _, size := range []int64{1 << 10, 1 << 20, 256 << 20, 1<<40 + 1} {
		var sum int64
		names := make(map[string]bool)
		for _, f := range Files(size) {
			require.GreaterOrEqual(t, f.Length, int64(0))
			sum += f.Length
			names[f.Path] = true
		}
		require.Equal(t, size, sum)
		require.Len(t, names, 115)
	}
}

func TestCompare(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, Write(t.Context(), "album", Files(1<<18), 7, func(int64) {}))
	require.NoError(t, os.CopyFS("copy", os.DirFS("album")))
	compare := func() error {
		_, _, err := Compare(t.Context(), "album", "copy", func(int64) {})
		return err
	}
	require.NoError(t, compare())
	require.NoError(t, os.WriteFile("copy/more", nil, 0o666))
	require.ErrorContains(t, compare(), "files")
	require.NoError(t, os.Remove("copy/more"))
	film, err := os.ReadFile("copy/film.mkv")
	require.NoError(t, err)
	film[len(film)-1]++
	require.NoError(t, os.WriteFile("copy/film.mkv", film, 0o666))
	require.ErrorContains(t, compare(), "differs")
	require.NoError(t, os.WriteFile("copy/film.mkv", film[:len(film)-1], 0o666))
	require.ErrorContains(t, compare(), "differs")
	film[len(film)-1]--
	require.NoError(t, os.WriteFile("copy/film.mkv", append(film, 0), 0o666))
	require.ErrorContains(t, compare(), "differs")
	require.NoError(t, os.Remove("copy/film.mkv"))
	require.ErrorIs(t, compare(), os.ErrNotExist)
}
