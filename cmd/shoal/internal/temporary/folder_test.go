package temporary

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// place makes an empty place for temporary files.
func place(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	return dir
}

// makeFolder returns a folder with a file in it.
func makeFolder(t *testing.T) *Folder {
	t.Helper()
	f, err := New()
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Join(f.Content(), "album"), 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(f.Content(), "album", "film.mkv"), []byte("film"), 0o666))
	return f
}

// kill ends the command of a folder without Remove.
func kill(t *testing.T, f *Folder) {
	t.Helper()
	require.NoError(t, f.mark.Close())
}

func TestRemove(t *testing.T) {
	dir := place(t)
	f := makeFolder(t)
	require.Equal(t, dir, filepath.Dir(f.Path()))
	removed, err := RemoveStale()
	require.NoError(t, err)
	require.Empty(t, removed, "its command runs")
	require.FileExists(t, filepath.Join(f.Content(), "album", "film.mkv"))
	require.NoError(t, f.Remove())
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)

	f = makeFolder(t)
	require.NoError(t, os.RemoveAll(f.Path()))
	require.NoError(t, f.Remove(), "somebody was quicker")
}

func TestRemoveStale(t *testing.T) {
	if !canLock {
		t.Skip("nothing is deleted here")
	}
	dir := place(t)
	dead, alive := makeFolder(t), makeFolder(t)
	kill(t, dead)
	removed, err := RemoveStale()
	require.NoError(t, err)
	require.Equal(t, []string{dead.Path()}, removed)
	require.NoDirExists(t, dead.Path())
	require.DirExists(t, alive.Path())
	require.NoError(t, alive.Remove())

	require.NoError(t, os.Remove(dir))
	removed, err = RemoveStale()
	require.NoError(t, err)
	require.Empty(t, removed, "there is no place for temporary files")
	_, err = New()
	require.Error(t, err)
}

// What is not surely ours stays.
func TestForeignFoldersStay(t *testing.T) {
	if !canLock {
		t.Skip("nothing is deleted here")
	}
	for name, change := range map[string]func(t *testing.T, f *Folder) (path string){
		"copied": func(t *testing.T, f *Folder) string {
			path := f.Path() + "0"
			require.NoError(t, os.CopyFS(path, os.DirFS(f.Path())))
			require.NoError(t, os.Chmod(path, 0o700))
			require.NoError(t, os.RemoveAll(f.Path()))
			return path
		},
		"renamed": func(t *testing.T, f *Folder) string {
			path := filepath.Join(filepath.Dir(f.Path()), "mine")
			require.NoError(t, os.Rename(f.Path(), path))
			return path
		},
		"moved": func(t *testing.T, f *Folder) string {
			path := filepath.Join(place(t), filepath.Base(f.Path()))
			require.NoError(t, os.Rename(f.Path(), path))
			return path
		},
		"without a mark": func(t *testing.T, f *Folder) string {
			require.NoError(t, os.Remove(filepath.Join(f.Path(), markName)))
			return f.Path()
		},
		"with another mark": func(t *testing.T, f *Folder) string {
			require.NoError(t, os.WriteFile(filepath.Join(f.Path(), markName), []byte("mine"), 0o600))
			return f.Path()
		},
		"with a longer mark": func(t *testing.T, f *Folder) string {
			text := markOf(f.Path()) + strings.Repeat("\n", maxMark)
			require.NoError(t, os.WriteFile(filepath.Join(f.Path(), markName), []byte(text), 0o600))
			return f.Path()
		},
		"with a link as a mark": func(t *testing.T, f *Folder) string {
			mark := filepath.Join(f.Path(), markName)
			require.NoError(t, os.Rename(mark, mark+"0"))
			require.NoError(t, os.Symlink(mark+"0", mark))
			return f.Path()
		},
		"open to others": func(t *testing.T, f *Folder) string {
			require.NoError(t, os.Chmod(f.Path(), 0o755))
			return f.Path()
		},
		"a link": func(t *testing.T, f *Folder) string {
			path := filepath.Join(filepath.Dir(filepath.Dir(f.Path())), "elsewhere")
			require.NoError(t, os.Rename(f.Path(), path))
			require.NoError(t, os.Symlink(path, f.Path()))
			return path
		},
	} {
		t.Run(name, func(t *testing.T) {
			place(t)
			f := makeFolder(t)
			kill(t, f)
			path := change(t, f)
			removed, err := RemoveStale()
			require.NoError(t, err)
			require.Empty(t, removed)
			require.FileExists(t, filepath.Join(path, contentName, "album", "film.mkv"))
		})
	}
}

// A link in the folder is deleted, and not what it leads to.
func TestLinksAreNotFollowed(t *testing.T) {
	place(t)
	mine := filepath.Join(t.TempDir(), "mine.txt")
	require.NoError(t, os.WriteFile(mine, []byte("mine"), 0o666))
	f := makeFolder(t)
	require.NoError(t, os.Symlink(filepath.Dir(mine), filepath.Join(f.Content(), "link")))
	require.NoError(t, f.Remove())
	require.NoDirExists(t, f.Path())
	require.FileExists(t, mine)
}
