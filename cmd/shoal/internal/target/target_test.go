package target

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/filesystem"
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
	require.NoError(t, New(dir).Admit(info, nil))
	require.NoError(t, New(filepath.Join(dir, "not", "yet")).Admit(info, nil))
	require.NoDirExists(t, filepath.Join(dir, "not"), "nothing is made")

	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o666))
	require.ErrorIs(t, New(file).Admit(info, nil), syscall.ENOTDIR)
	require.ErrorIs(t, New(filepath.Join(file, "below")).Admit(info, nil), syscall.ENOTDIR)

	require.NoError(t, os.Mkdir(filepath.Join(dir, "album"), 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "album", "a"), nil, 0o666))
	require.ErrorIs(t, New(dir).Admit(info, nil), syscall.ENOTDIR, "a file is where a folder has to be")
}

// Two torrents that want one file get one sentence, unless neither has to write it.
func TestAdmitTwoThatWantOneFile(t *testing.T) {
	files := map[string]string{}
	for i := range 200 {
		files[strings.Repeat("x", i+1)] = "content"
	}
	one, two := torrentOf(t, "", files), torrentOf(t, "other", files)
	dir := t.TempDir()
	g := New(dir)
	require.NoError(t, g.Admit(one, nil))
	needed := g.needed
	require.NoError(t, g.Admit(one, nil), "the same torrent does not stand in its own way")
	require.Equal(t, needed, g.needed)
	err := g.Admit(two, nil)
	require.ErrorContains(t, err, "the torrent album, which was named before, has the file album/")
	require.Less(t, len(err.Error()), 400)
	require.NotEmpty(t, advice.Of(err))

	for name, content := range files {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "album"), 0o777))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "album", name), []byte(content), 0o666))
	}
	g = New(dir)
	require.NoError(t, g.Admit(one, nil))
	require.NoError(t, g.Admit(two, nil))
}

// What does not fit is refused, counting what was admitted before.
func TestAdmitCountsRoom(t *testing.T) {
	info := torrentOf(t, "", map[string]string{"file": "content"})
	dir := t.TempDir()
	free, known := filesystem.Free(dir)
	if !known {
		t.Skip("free space is not known here")
	}
	g := New(dir)
	g.needed = free + 1<<40
	require.ErrorIs(t, g.Admit(info, nil), ErrNoRoom)
}
