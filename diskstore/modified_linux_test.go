package diskstore

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestModifiedAtOnce has another program write directly after each write of ours, most often
// in the same tick of the clock from which file systems take their times.
func TestModifiedAtOnce(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, someFiles(), Options{})
	writeAll(t, s, ones(someLength), 0)
	for range 100 {
		writeAll(t, s, ones(10), 0)
		f, err := os.OpenFile(filepath.Join(dir, "t/a"), os.O_RDWR, 0)
		require.NoError(t, err)
		_, err = f.WriteAt([]byte{99}, 1)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		writeAll(t, s, ones(10), 0)
		require.Equal(t, []string{"t/a"}, s.Modified())
	}
}
