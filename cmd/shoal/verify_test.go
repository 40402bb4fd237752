package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOneNotionOfComplete damages a download that was complete. Verify and seed refuse it,
// get fetches what is missing and no more, and then all three agree that it is complete.
func TestOneNotionOfComplete(t *testing.T) {
	isolate(t)
	makeContent(t, 1<<20)
	shoal(t, exitOK, "create", "album", "--piece-length", "16KiB")
	_, peer := seeding(t, "album.torrent")
	args := []string{"get", "album.torrent", "--dir", "got", "--listen", "off", "-q", "--json", "--peer", peer}
	shoal(t, exitOK, args...)
	info, err := os.Stat("got/album/film.mkv")
	require.NoError(t, err)
	size := info.Size()
	for _, test := range []struct {
		name   string
		damage func() error
		flags  []string
		most   float64 // bytes to fetch
	}{
		{"an empty file is deleted", func() error { return os.Remove("got/album/empty.txt") }, nil, 0},
		{"our file is cut", func() error { return os.Truncate("got/album/film.mkv", size-1) }, nil, 32 << 10},
		{"our file is emptied", func() error { return os.Truncate("got/album/readme.txt", 0) }, nil, 64 << 10},
		{"our file is longer", func() error { return os.Truncate("got/album/film.mkv", size+1) }, []string{"--overwrite"}, 0},
		{"a foreign file is shorter", func() error { return os.Truncate("got/album/film.mkv", size-1) }, []string{"--overwrite", "--state=off"}, 32 << 10},
		{"a foreign file is longer", func() error { return os.Truncate("got/album/film.mkv", size+1) }, []string{"--overwrite", "--state=off"}, 0},
	} {
		require.NoError(t, test.damage(), test.name)
		shoal(t, exitFailed, "verify", "album.torrent", "--dir", "got")
		_, stderr := shoal(t, exitFailed, "seed", "album.torrent", "--dir", "got", "--listen", "off")
		require.NotContains(t, stderr, "sync", "a seed writes nothing")
		stdout, _ := shoal(t, exitOK, append(args, test.flags...)...)
		bytes, _ := event(t, stdout, "completed")["bytes"].(float64)
		require.LessOrEqual(t, bytes, test.most, test.name)
		shoal(t, exitOK, "verify", "album.torrent", "--dir", "got")
		equalFolders(t, "album", "got/album")
	}
}
