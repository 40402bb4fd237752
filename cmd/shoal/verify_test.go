package main

import (
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/swarm"
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

// TestUnreadable says which file cannot be read, instead of calling it wrong.
func TestUnreadable(t *testing.T) {
	r := &readErrors{Storage: badDisk{swarm.NewMemory(10)}, byPath: make(map[string]error)}
	_, err := r.ReadAt(make([]byte, 1), 0)
	require.ErrorIs(t, err, syscall.EIO)
	_, err = r.ReadVecAt([][]byte{make([]byte, 1)}, 5)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Equal(t, map[string]error{"a": syscall.EIO}, r.byPath, "what is missing is not unreadable")

	m, err := builder.Options{}.Bytes(t.Context(), "a", make([]byte, 10))
	require.NoError(t, err)
	all := faults(m.Info, []diskstore.FileStat{{Path: "a", Exists: true, Size: 10}}, swarm.NewBitfield(1), r.byPath)
	require.Len(t, all, 1)
	require.Equal(t, unreadable, all[0].Fault)
	require.Equal(t, syscall.EIO.Error(), all[0].Error)
}

// badDisk fails all reads: of the first bytes by an error, of others because they are missing.
type badDisk struct{ swarm.Storage }

func (badDisk) ReadAt(_ []byte, off int64) (int, error) {
	if off < 5 {
		return 0, fmt.Errorf("verify: %w", &diskstore.Error{Op: "read", Path: "a", Err: syscall.EIO})
	}
	return 0, &diskstore.Error{Op: "read", Path: "b", Err: os.ErrNotExist}
}
