package diskstore

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/diskstore/internal/places"
	"github.com/shoal-bt/shoal/swarm"
)

// errStopped is the error of every call after a simulated crash.
var errStopped = errors.New("stopped")

// stopAfter returns a hook that lets n calls pass, and fails those after it.
func stopAfter(n int, stopped *bool) func(op, name string) error {
	var mu sync.Mutex
	return func(string, string) error {
		mu.Lock()
		defer mu.Unlock()
		n--
		if n < 0 {
			*stopped = true
			return errStopped
		}
		return nil
	}
}

// A store that is stopped between any two calls leaves files with which the next one goes
// on: the content ends whole, at its paths, and all of it can be deleted.
func TestStopsAnywhere(t *testing.T) {
	for _, p := range placings {
		t.Run(p.name, func(t *testing.T) {
			for n := 0; ; n++ {
				if !stopAt(t, p.suffix, p.other, n) {
					require.Greater(t, n, 30)
					return
				}
			}
		})
	}
}

// stopAt stops a store after n calls and reports whether it had still something to do.
func stopAt(t *testing.T, suffix string, other bool, n int) (stopped bool) {
	above := t.TempDir()
	mine := put(t, above, "done/t/users", ones(3))
	dir := filepath.Join(above, "done")
	files := []swarm.File{
		{Path: "t/a", Length: 10}, {Path: "t/d/b", Offset: 10, Length: 10},
		{Path: "t/e", Offset: 20}, {Path: "c", Offset: 20, Length: 10},
	}
	record := make(map[string]bool)
	options := func(f FS) Options {
		o := Options{
			FS:     f,
			Suffix: suffix,
			Own: func(names []string) error {
				for _, name := range names {
					record[name] = true
				}
				return nil
			},
			// What Disown gets may be recorded, or not.
			Disown: func(names []string) {
				for i, name := range names {
					if i%2 == n%2 {
						delete(record, name)
					}
				}
			},
		}
		if other {
			o.IncompleteDir = filepath.Join(above, "new")
		}
		for name := range record {
			// As resume.Record.Check does.
			if _, err := os.Lstat(filepath.Join(dir, name)); err == nil || places.IsOther(name) {
				o.Owned = append(o.Owned, name)
			}
		}
		return o
	}
	fake := &fakeFS{}
	fake.set(stopAfter(n, &stopped))
	first, err := Open(dir, files, options(fake))
	if err == nil {
		_, err = first.WriteAt(ones(30)[:20], 0)
		err = errors.Join(err, first.FinishFile(0))
		_, writeErr := first.WriteAt(ones(30)[20:], 20)
		if err == nil && writeErr == nil && !stopped {
			_ = first.Complete()
		}
		first.Close()
	}
	s := mustOpen(t, dir, files, options(OS{}))
	writeAll(t, s, ones(30), 0)
	require.NoError(t, s.Complete(), "stopped after %d calls", n)
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join(dir, f.Path))
		require.NoError(t, err)
		require.Equal(t, ones(30)[f.Offset:f.Offset+f.Length], append([]byte{}, content...))
	}
	for _, name := range tree(t, above) {
		require.NotContains(t, name, ".part")
	}
	require.NoError(t, s.Remove())
	require.FileExists(t, mine)
	require.Subset(t, []string{"done/", "done/t/", "done/t/users", "new/", "new/t/", "new/t/d/"}, tree(t, above), "stopped after %d calls", n)
	return stopped
}

// A store that is stopped while it moves a file by a second name leaves both.
func TestStopsBetweenTwoNames(t *testing.T) {
	for _, next := range []string{"finish", "complete", "remove"} {
		t.Run(next, func(t *testing.T) {
			dir := t.TempDir()
			var owned []string
			fake := &fakeFS{hook: func(op, name string) error {
				if op == "move" {
					oldName, newName, _ := strings.Cut(name, " ")
					require.NoError(t, os.Link(filepath.Join(dir, oldName), filepath.Join(dir, newName)))
					return errStopped
				}
				return nil
			}}
			own := func(names []string) error { owned = append(owned, names...); return nil }
			s := mustOpen(t, dir, tenBytes("a"), Options{FS: fake, Suffix: ".part", Own: own})
			writeAll(t, s, ones(10), 0)
			require.ErrorIs(t, s.FinishFile(0), errStopped)
			require.Equal(t, []string{"a", "a.part"}, tree(t, dir))
			if next == "finish" { // the same store tries again
				require.NoError(t, s.FinishFile(0))
				require.Equal(t, []string{"a"}, tree(t, dir))
			}
			require.NoError(t, s.Close())
			s = mustOpen(t, dir, tenBytes("a"), Options{Suffix: ".part", Owned: owned})
			writeAll(t, s, ones(10), 0)
			if next == "complete" {
				require.NoError(t, s.Complete())
				require.Equal(t, []string{"a"}, tree(t, dir))
			}
			require.NoError(t, s.Remove())
			require.Empty(t, tree(t, dir))
		})
	}
}
