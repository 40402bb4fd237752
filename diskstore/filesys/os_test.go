package filesys

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOSOpensFolders(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	_, err := OS{}.OpenFolder(dir, false)
	require.ErrorIs(t, err, fs.ErrNotExist)
	d, err := OS{}.OpenFolder(dir, true)
	require.NoError(t, err)
	defer d.Close()
	require.DirExists(t, dir)
	require.NoError(t, d.Mkdir("c", 0o777))
	require.NoError(t, d.SyncFolder("c"))
	require.NoError(t, d.SyncFolder("."))
	for _, name := range []string{"../x", "c/../../x", "/etc/passwd"} {
		_, err := d.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
		require.Error(t, err, name)
		_, err = d.Lstat(name)
		require.Error(t, err, name)
		require.Error(t, d.Remove(name), name)
	}
}

func TestOSPortable(t *testing.T) {
	for _, portable := range []bool{false, true} {
		d, err := OS{Portable: portable}.OpenFolder(t.TempDir(), false)
		require.NoError(t, err)
		f, err := d.OpenFile("f", os.O_RDWR|os.O_CREATE, 0o666)
		require.NoError(t, err)
		_, plain := f.(*os.File)
		require.True(t, plain || !portable)
		require.NoError(t, f.Close())
		require.NoError(t, d.Close())
	}
}
