package resume

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	_, err := OpenFolder(dir)
	require.NoError(t, err)
	f, err := OpenFolder(dir)
	require.NoError(t, err)
	ids, err := f.IDs()
	require.NoError(t, err)
	require.Empty(t, ids)

	one, two := full(), full()
	two.Swarms = []swarm.ID{{0xff}}
	require.NoError(t, f.Save(one))
	require.NoError(t, f.Save(two))
	require.NoError(t, f.Save(two))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "other"), 0o700))
	require.NoError(t, os.Mkdir(filepath.Join(dir, strings.ToUpper(two.Swarms[0].String())+"x"), 0o700))
	ids, err = f.IDs()
	require.NoError(t, err)
	require.Equal(t, []swarm.ID{one.Swarms[0], {0xff}}, ids)
	got, err := f.Load(swarm.ID{0xff})
	require.NoError(t, err)
	require.Equal(t, two, got)

	// A record that was copied into the folder of another torrent is refused.
	b, err := os.ReadFile(filepath.Join(f.Path(swarm.ID{0xff}), recordName))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(f.Path(one.Swarms[0]), recordName), b, 0o600))
	_, err = f.Load(one.Swarms[0])
	require.ErrorAs(t, err, new(*DamageError))

	require.NoError(t, f.Remove(swarm.ID{0xff}))
	require.NoError(t, f.Remove(swarm.ID{0xff}))
	_, err = f.Load(swarm.ID{0xff})
	require.ErrorIs(t, err, fs.ErrNotExist)
	ids, err = f.IDs()
	require.NoError(t, err)
	require.Equal(t, []swarm.ID{one.Swarms[0]}, ids)
}

func TestFolderFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := OpenFolder(filepath.Join(file, "sub"))
	require.Error(t, err)
	f := &Folder{path: file}
	require.Error(t, f.Save(full()))
	require.Error(t, f.Save(Record{}))
	_, err = f.IDs()
	require.Error(t, err)
	_, err = f.Load(swarm.ID{})
	require.Error(t, err)
}
