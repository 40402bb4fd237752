package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// An error about content behind a symlink names the link, and where to find the content.
func TestContentBehindSymlinks(t *testing.T) {
	dir := isolate(t)
	real, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	writeFile(t, filepath.Join(real, "album", "a"), "content")
	require.NoError(t, os.Symlink(filepath.Join(real, "album"), "album"))
	stdout, _ := shoal(t, exitOK, "create", "album")
	require.Contains(t, stdout, "seed album.torrent --dir "+real)
	commands := [][]string{{"verify"}, {"seed", "--listen", "127.0.0.1:0"}, {"get", "--listen", "off"}}
	for _, command := range commands {
		_, stderr := shoal(t, exitFailed, append(command, "album.torrent")...)
		require.Contains(t, stderr, "album is a symlink to "+filepath.Join(real, "album"))
		require.Contains(t, stderr, "--dir "+real)
	}
	shoal(t, exitOK, "verify", "album.torrent", "--dir", real)
	require.NoError(t, os.Symlink(real, "link"))
	shoal(t, exitOK, "verify", "album.torrent", "--dir", "link")

	// A link below is followed only if the user names it.
	require.NoError(t, os.Mkdir("other", 0o777))
	require.NoError(t, os.Mkdir("other/album", 0o777))
	require.NoError(t, os.Symlink(filepath.Join(real, "album", "a"), "other/album/a"))
	for _, command := range commands {
		_, stderr := shoal(t, exitFailed, append(command, "album.torrent", "--dir", "other")...)
		require.Contains(t, stderr, "album/a is a symlink to "+filepath.Join(real, "album", "a"))
	}
	b, err := os.ReadFile(filepath.Join(real, "album", "a"))
	require.NoError(t, err)
	require.Equal(t, "content", string(b))
	require.NoError(t, os.Remove(filepath.Join(real, "album", "a")))
	_, stderr := shoal(t, exitFailed, "verify", "album.torrent", "--dir", filepath.Join(dir, "other"))
	require.Contains(t, stderr, "album/a is a symlink to nothing")

	// A download into such a folder is refused before it begins.
	require.NoError(t, os.Mkdir("third", 0o777))
	require.NoError(t, os.Symlink("nowhere", "third/album"))
	_, stderr = shoal(t, exitFailed, "get", "--listen", "off", "album.torrent", "--dir", "third")
	require.Contains(t, stderr, "album is a symlink to nothing\n  Remove it, or choose another folder with --dir.")
}
