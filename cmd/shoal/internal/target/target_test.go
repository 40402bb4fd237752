package target

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/filesystem"
	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
)

// torrentOf makes a torrent of files, which are paths below a folder and their content.
func torrentOf(t *testing.T, source string, files map[string]string) *metainfo.Info {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "album")
	for path, content := range files {
		full := filepath.Join(dir, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(full), 0o777))
		require.NoError(t, os.WriteFile(full, []byte(content), 0o666))
	}
	meta, err := builder.Options{Source: source}.File(context.Background(), dir)
	require.NoError(t, err)
	return meta.Info
}

func TestAdmit(t *testing.T) {
	files := map[string]string{"a/one.txt": "one", "two.txt": "two"}
	info := torrentOf(t, "", files)
	dir := t.TempDir()
	require.NoError(t, New(dir, diskstore.Options{}).Admit(info, client.Recorded{}))
	require.NoError(t, New(filepath.Join(dir, "not", "yet"), diskstore.Options{}).Admit(info, client.Recorded{}))
	require.NoDirExists(t, filepath.Join(dir, "not"), "nothing is made")

	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o666))
	require.ErrorIs(t, New(file, diskstore.Options{}).Admit(info, client.Recorded{}), syscall.ENOTDIR)
	require.ErrorIs(t, New(filepath.Join(file, "below"), diskstore.Options{}).Admit(info, client.Recorded{}), syscall.ENOTDIR)

	require.NoError(t, os.Mkdir(filepath.Join(dir, "album"), 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "album", "a"), nil, 0o666))
	require.ErrorIs(t, New(dir, diskstore.Options{}).Admit(info, client.Recorded{}), syscall.ENOTDIR, "a file is where a folder has to be")
}

// Two torrents that want one file get one sentence, unless neither has to write it.
func TestAdmitTwoThatWantOneFile(t *testing.T) {
	files := map[string]string{}
	for i := range 200 {
		files[strings.Repeat("x", i+1)] = "content"
	}
	one, two := torrentOf(t, "", files), torrentOf(t, "other", files)
	dir := t.TempDir()
	g := New(dir, diskstore.Options{})
	require.NoError(t, g.Admit(one, client.Recorded{}))
	needed := g.needed
	require.NoError(t, g.Admit(one, client.Recorded{}), "the same torrent does not stand in its own way")
	require.Equal(t, needed, g.needed)
	err := g.Admit(two, client.Recorded{})
	require.ErrorContains(t, err, "the torrent album, which was named before, has the file album/")
	require.Less(t, len(err.Error()), 400)
	require.NotEmpty(t, advice.Of(err))

	for name, content := range files {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "album"), 0o777))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "album", name), []byte(content), 0o666))
	}
	g = New(dir, diskstore.Options{})
	require.NoError(t, g.Admit(one, client.Recorded{}))
	require.NoError(t, g.Admit(two, client.Recorded{}))
}

// What does not fit is refused, counting what was admitted before.
func TestAdmitCountsRoom(t *testing.T) {
	info := torrentOf(t, "", map[string]string{"file": "content"})
	dir := t.TempDir()
	free, known := filesystem.Free(dir)
	if !known {
		t.Skip("free space is not known here")
	}
	g := New(dir, diskstore.Options{})
	g.needed = free + 1<<40
	require.ErrorIs(t, g.Admit(info, client.Recorded{}), ErrNoRoom)
}

// Files that are not wanted are not in the way, and need no room.
func TestAdmitAPart(t *testing.T) {
	info := torrentOf(t, "", map[string]string{"a/one.txt": "one", "two.txt": strings.Repeat("two", 1<<20)})
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "album"), 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "album", "a"), nil, 0o666))
	require.ErrorIs(t, New(dir, diskstore.Options{}).Admit(info, client.Recorded{}), syscall.ENOTDIR)
	require.NoError(t, New(dir, diskstore.Options{}).Admit(info, client.Recorded{Priorities: []uint8{0, 4}}))

	g := New(dir, diskstore.Options{})
	require.NoError(t, g.Admit(info, client.Recorded{Priorities: []uint8{0, 0}}))
	require.Zero(t, g.needed)
}

// What an incomplete file has under another name needs no room again.
func TestAdmitIncompleteFiles(t *testing.T) {
	info := torrentOf(t, "", map[string]string{"film": strings.Repeat("film", 1<<18)})
	dir, incomplete := t.TempDir(), t.TempDir()
	disk := diskstore.Options{Suffix: ".part", IncompleteDir: incomplete}
	g := New(dir, disk)
	require.NoError(t, g.Admit(info, client.Recorded{}))
	require.EqualValues(t, 1<<20, g.needed)

	var owned []string
	disk.Own = func(names []string) error {
		owned = append(owned, names...)
		return nil
	}
	store, err := diskstore.Open(dir, info.Files(), disk)
	require.NoError(t, err)
	_, err = store.WriteAt(make([]byte, 1<<19), 0)
	require.NoError(t, err)
	require.NoError(t, store.Sync())
	require.NoError(t, store.Close())
	g = New(dir, diskstore.Options{Suffix: ".part", IncompleteDir: incomplete})
	require.NoError(t, g.Admit(info, client.Recorded{Disk: diskstore.Options{Owned: owned}}))
	require.EqualValues(t, 1<<19, g.needed)
}
