//go:build unix

package diskstore

import (
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFewDescriptors uses 10,000 files of one torrent, and 1,000 torrents, in a
// process that may have 256 descriptors open.
func TestFewDescriptors(t *testing.T) {
	if os.Getenv("DISKSTORE_FEW_DESCRIPTORS") == "" {
		if testing.Short() {
			t.Skip("it makes 10,000 files")
		}
		self, err := os.Executable()
		if err != nil {
			t.Skipf("no path to this program: %v", err)
		}
		child := exec.Command(self, "-test.run=^TestFewDescriptors$", "-test.v")
		child.Env = append(os.Environ(), "DISKSTORE_FEW_DESCRIPTORS=1")
		out, err := child.CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Contains(t, string(out), "PASS: TestFewDescriptors/1000_torrents", "%s", out)
		return
	}
	limit := syscall.Rlimit{Cur: 256, Max: 256}
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
	t.Run("10000 files", func(t *testing.T) {
		useAll(t, openMany(t, 1, 10000, Options{}), false)
	})
	t.Run("too many handles", func(t *testing.T) {
		h := NewHandles(100000)
		useAll(t, openMany(t, 1, 1000, Options{Handles: h}), false)
		useAll(t, openMany(t, 300, 3, Options{Handles: h}), false)
	})
	t.Run("1000 torrents", func(t *testing.T) {
		useAll(t, openMany(t, 1000, 2, Options{Handles: NewHandles(0)}), false)
	})
}
