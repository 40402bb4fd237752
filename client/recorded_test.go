package client

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/metainfo/builder"
)

// What a client remembers of a torrent can be read while it runs, and without one: which files are
// wanted, and how to read all bytes that are here.
func TestRecorded(t *testing.T) {
	a := newCollection(t, builder.Options{})
	dir, config := t.TempDir(), Config{State: t.TempDir(), Listen: Off}
	none, err := config.Recorded(a.meta.Info, dir)
	require.NoError(t, err)
	require.Equal(t, Recorded{}, none)
	config.State = filepath.Join(config.State, "not", "yet")
	_, err = config.Recorded(a.meta.Info, dir)
	require.NoError(t, err)
	require.NoDirExists(t, config.State, "nothing is made")

	config.Dir = dir
	c, err := New(config)
	require.NoError(t, err)
	o := a.only(3)
	o.Peers = a.seeder.Addrs()
	tor, err := c.Add(t.Context(), a.meta, o)
	require.NoError(t, err)
	require.NoError(t, tor.Wait(t.Context()))
	requireRecorded := func() {
		r, err := config.Recorded(a.meta.Info, dir)
		require.NoError(t, err)
		want, err := o.Priorities(a.meta.Info)
		require.NoError(t, err)
		require.Equal(t, want, r.Priorities)
	}
	requireRecorded()
	held := tor.Bitfield()
	require.NoError(t, c.Close())
	requireRecorded()

	r, err := config.Recorded(a.meta.Info, dir)
	require.NoError(t, err)
	r.Disk.Overwrite = true
	store, err := diskstore.Open(dir, a.meta.Info.Files(), r.Disk)
	require.NoError(t, err)
	defer store.Close()
	g := a.meta.Info.Geometry()
	for i := range g.Pieces() {
		_, err := store.ReadAt(make([]byte, g.PieceLen(i)), int64(i)*g.PieceLength)
		require.Equal(t, held.Has(i), err == nil, "piece %d: %v", i, err)
	}

	elsewhere, err := config.Recorded(a.meta.Info, t.TempDir())
	require.NoError(t, err)
	require.Nil(t, elsewhere.Priorities)
	config.State = Off
	off, err := config.Recorded(a.meta.Info, dir)
	require.NoError(t, err)
	require.Nil(t, off.Priorities)
}

// The folder of the records is that which a client would use if the user names none.
func TestRecordedWithoutAState(t *testing.T) {
	a := newCollection(t, builder.Options{})
	for _, home := range []string{t.TempDir(), ""} { // without a home, it is beside the content
		t.Setenv("HOME", home)
		t.Setenv("XDG_CONFIG_HOME", "")
		dir := t.TempDir()
		c, err := New(Config{Dir: dir, Listen: Off})
		require.NoError(t, err)
		_, err = c.Add(t.Context(), a.meta, a.only(3))
		require.NoError(t, err)
		require.NoError(t, c.Close())
		_, err = os.Stat(filepath.Join(dir, ".shoal"))
		require.Equal(t, home == "", err == nil)
		r, err := Config{}.Recorded(a.meta.Info, dir)
		require.NoError(t, err)
		require.NotNil(t, r.Priorities)
	}
}
