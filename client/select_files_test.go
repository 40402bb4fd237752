package client

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/engine"
)

// TestIncompleteNames has files elsewhere and with a suffix until all of their bytes are there, over a
// restart and a crash.
func TestIncompleteNames(t *testing.T) {
	for name, disk := range map[string]diskstore.Options{
		"suffix": {Suffix: ".part"},
		"folder": {IncompleteDir: "incomplete"},
		"both":   {IncompleteDir: "incomplete", Suffix: ".!"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newCollection(t, formats["v1"])
			top := t.TempDir()
			dir, state := filepath.Join(top, "content"), filepath.Join(top, "state")
			require.NoError(t, os.MkdirAll(state, 0o777))
			incomplete := dir
			if disk.IncompleteDir != "" {
				disk.IncompleteDir = filepath.Join(top, disk.IncompleteDir)
				incomplete = disk.IncompleteDir
			}
			config := Config{Dir: dir, State: state, Disk: disk, Save: time.Hour}
			c, tor := a.add(t, config, AddOptions{Paused: true})
			require.NoError(t, tor.SetPriorities(append([]int{4, 0, 0, 0, 4}, make([]int, 15)...)))
			f, err := tor.File(a.name(4))
			require.NoError(t, err)
			require.NoError(t, tor.SetPieces(f.first+2, f.first+2, Unwanted))
			require.NoError(t, tor.Resume())
			require.NoError(t, tor.Wait(within(t)))
			requireNames := func() {
				t.Helper()
				a.requireSame(t, dir, 0)
				require.NoFileExists(t, filepath.Join(dir, a.name(4)))
				require.FileExists(t, filepath.Join(incomplete, a.name(4)+disk.Suffix))
			}
			requireNames()
			held := tor.Stats().Held
			restore := snapshot(t, top)
			require.NoError(t, c.Close())
			requireNames()
			for _, crash := range []bool{false, true} {
				if crash {
					restore()
				}
				c, tor = a.add(t, config, AddOptions{Paused: true})
				soon(t, func() bool { return tor.Stats().Phase == engine.PhasePaused }, "the check of the start")
				require.NoError(t, tor.Recheck(within(t)))
				require.Equal(t, held, tor.Stats().Held)
				require.NoError(t, c.Close())
				requireNames()
			}
			_, tor = a.add(t, config, AddOptions{})
			wantAll(t, tor)
			require.NoError(t, tor.Wait(within(t)))
			a.requireAll(t, dir)
			if incomplete != dir {
				require.Empty(t, onDisk(t, incomplete))
			}
		})
	}
}

// TestShareAPart shares what a former run has of a torrent, and writes nothing.
func TestShareAPart(t *testing.T) {
	a := newCollection(t, formats["v1"])
	dir, state := t.TempDir(), t.TempDir()
	c, tor := a.add(t, Config{Dir: dir, State: state}, a.only(3))
	require.NoError(t, tor.Wait(within(t)))
	held := tor.Stats().Held
	require.NoError(t, c.Close())
	before := onDisk(t, dir)
	for _, o := range []AddOptions{{ReadOnly: true}, {ReadOnly: true, Recheck: true}, {ReadOnly: true, Trust: true}} {
		c, tor = a.add(t, Config{Dir: dir, State: state}, o)
		soon(t, func() bool { return tor.Stats().Phase == engine.PhaseRunning }, "the check of the start")
		require.Equal(t, held, tor.Stats().Held)
		require.NoError(t, tor.Wait(within(t)), "what is wanted is there")
		b := make([]byte, 16<<10)
		first := a.meta.Info.Entries[3].Offset >> 14
		_, err := tor.ReadAt(b, first<<14)
		require.NoError(t, err, "the first bytes are in the part file")
		require.NoError(t, c.Close())
		require.Equal(t, before, onDisk(t, dir))
	}
}

// TestFileInThePartFile emits FileCompleted when a file moves into place, and not when its bytes come
// with those of another file.
func TestFileInThePartFile(t *testing.T) {
	a := newCollection(t, formats["v1"])
	dir := t.TempDir()
	o := a.only(0) // its last piece has all bytes of the next file
	o.Paused = true
	c, tor := a.add(t, Config{Dir: dir, State: t.TempDir()}, o)
	events := c.Events(OnFile|OnCompleted, 0)
	require.NoError(t, tor.Resume())
	next := func() Event {
		t.Helper()
		e, err := events.Next(within(t))
		require.NoError(t, err)
		return e
	}
	require.Equal(t, a.name(0), next().(FileCompleted).Path)
	require.IsType(t, Completed{}, next())
	require.NoFileExists(t, filepath.Join(dir, a.name(1)))
	f, err := tor.File(a.name(1))
	require.NoError(t, err)
	require.Equal(t, f.Length, f.Held)
	require.NoError(t, f.SetPriority(DefaultPriority))
	require.Equal(t, FileCompleted{Torrent: tor.ID(), Index: f.Index, Path: a.name(1), Length: 3}, next())
	a.requireSame(t, dir, 1)
}
