package client

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/metainfo/builder"
)

// TestNoTorrentReachesTheState adds torrents whose files would be in the state folder.
func TestNoTorrentReachesTheState(t *testing.T) {
	for _, test := range []struct {
		name, state, file string
		refused           bool
	}{
		{"the default without a home folder", ".shoal", ".shoal", true},
		{"another case", ".shoal", ".SHOAL", true},
		{"a file in it", ".shoal", ".shoal/torrents/x", true},
		{"a new file in it", ".shoal", ".shoal/x", true},
		{"a folder above it", "a/b", "a/b", true},
		{"a file in its place", "a/b", "a", true},
		{"beside it", "a/b", "a/c", false},
		{"a longer name", ".shoal", ".shoal2", false},
		{"by a link", ".shoal", "link/x", true},
		{"content in the state folder", ".", "album", false},
		{"its records", ".", "torrents", true},
		{"its locks", ".", "locks/3", true},
		{"its port", ".", "port", true},
		{"below the state folder", "..", "album", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "content")
			root := t.TempDir()
			source := filepath.Join(root, filepath.FromSlash(test.file))
			require.NoError(t, os.MkdirAll(filepath.Dir(source), 0o777))
			require.NoError(t, os.WriteFile(source, []byte("content"), 0o666))
			state := filepath.Join(dir, test.state)
			require.NoError(t, os.MkdirAll(filepath.Join(dir, ".shoal"), 0o777))
			require.NoError(t, os.Symlink(".shoal", filepath.Join(dir, "link")))
			first, err := os.ReadDir(root)
			require.NoError(t, err)
			meta, err := builder.Options{PieceLength: 16 << 10}.File(t.Context(), filepath.Join(root, first[0].Name()))
			require.NoError(t, err)
			c, err := New(Config{Dir: dir, State: state, Listen: Off})
			require.NoError(t, err)
			defer c.Close()
			tor, err := c.Add(t.Context(), meta)
			if test.refused {
				require.ErrorIs(t, err, ErrState)
				return
			}
			require.NoError(t, err)
			require.NoError(t, c.Remove(tor, Keep))
		})
	}
}
