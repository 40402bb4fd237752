package filesystem

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExisting(t *testing.T) {
	dir := t.TempDir()
	require.Equal(t, dir, Existing(dir))
	require.Equal(t, dir, Existing(filepath.Join(dir, "a", "b", "c")))
}

func TestMissing(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("holes are not known here")
	}
	path := filepath.Join(t.TempDir(), "file")
	const mib = 1 << 20
	require.EqualValues(t, 4*mib, Missing(path, 4*mib))
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, f.Truncate(4*mib))
	require.EqualValues(t, 4*mib, Missing(path, 4*mib), "a file of holes")
	for _, at := range []int64{0, 2 * mib} {
		_, err = f.WriteAt(make([]byte, mib), at)
		require.NoError(t, err)
	}
	require.NoError(t, f.Sync())
	require.EqualValues(t, 2*mib, Missing(path, 4*mib))
	_, err = f.WriteAt(make([]byte, 4*mib), 0)
	require.NoError(t, err)
	require.NoError(t, f.Sync())
	require.Zero(t, Missing(path, 4*mib))
	require.EqualValues(t, mib, Missing(path, 5*mib))
}

func TestFree(t *testing.T) {
	free, ok := Free(t.TempDir())
	require.True(t, ok || runtime.GOOS != "linux")
	require.GreaterOrEqual(t, free, int64(0))
	longest, ok := LongestName(t.TempDir())
	require.True(t, ok || runtime.GOOS != "linux")
	require.GreaterOrEqual(t, longest, 0)
	require.NoError(t, CheckWritable(t.TempDir()))
	_, ok = Free(filepath.Join(t.TempDir(), "nothing"))
	require.False(t, ok)
}
