package client

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
)

// A collection is a torrent of twenty files that somebody seeds.
type collection struct {
	dir    string // its parent
	meta   *metainfo.Torrent
	seeder *Client
}

func newCollection(t *testing.T, o builder.Options) *collection {
	t.Helper()
	a := &collection{dir: t.TempDir()}
	require.NoError(t, os.MkdirAll(filepath.Join(a.dir, "album"), 0o777))
	r := rand.NewChaCha8([32]byte{1})
	for i := range 20 {
		b := make([]byte, []int{70_001, 3, 0, 40_000}[i%4])
		r.Read(b)
		require.NoError(t, os.WriteFile(a.path(i), b, 0o666))
	}
	var err error
	a.seeder, err = New(Config{State: Off, Listen: "127.0.0.1:0"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.seeder.Close()) })
	o.PieceLength = 16 << 10
	seed, err := a.seeder.Seed(t.Context(), filepath.Join(a.dir, "album"), SeedOptions{Build: o})
	require.NoError(t, err)
	a.meta = metaOf(t, seed)
	return a
}

// name returns the path of a file in the torrent's folder.
func (a *collection) name(i int) string { return fmt.Sprintf("album/%02d", i) }

func (a *collection) path(i int) string { return filepath.Join(a.dir, a.name(i)) }

// only returns the options with which one of the files is wanted.
func (a *collection) only(i int) AddOptions {
	return AddOptions{Priorities: func(info *metainfo.Info) ([]uint8, error) {
		priorities := make([]uint8, len(info.Entries))
		for n, e := range info.Entries {
			if e.Path == a.name(i) {
				priorities[n] = DefaultPriority
			}
		}
		return priorities, nil
	}}
}

// add adds the torrent to a client with the content in dir, which connects to the seeder.
func (a *collection) add(t *testing.T, config Config, o AddOptions) (*Client, *Torrent) {
	t.Helper()
	config.Listen = Off
	config.Save = cmpOr(config.Save, time.Hour)
	c, err := New(config)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	tor, err := c.Add(t.Context(), a.meta, o)
	require.NoError(t, err)
	require.NoError(t, tor.AddPeers(a.seeder.Addr()))
	return c, tor
}

func cmpOr(a, b time.Duration) time.Duration {
	if a != 0 {
		return a
	}
	return b
}

// requireSame fails the test unless a file is as the seeder has it.
func (a *collection) requireSame(t *testing.T, dir string, i int) {
	t.Helper()
	want, err := os.ReadFile(a.path(i))
	require.NoError(t, err)
	got, err := os.ReadFile(filepath.Join(dir, a.name(i)))
	require.NoError(t, err)
	require.True(t, slices.Equal(want, got), a.name(i))
}

// requireAll fails the test unless dir has all files and nothing else.
func (a *collection) requireAll(t *testing.T, dir string) {
	t.Helper()
	var names []string
	for i := range 20 {
		names = append(names, a.name(i))
		a.requireSame(t, dir, i)
	}
	require.Equal(t, names, onDisk(t, dir))
}

// onDisk returns the files in a folder, sorted.
func onDisk(t *testing.T, dir string) (names []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		names = append(names, filepath.ToSlash(name))
		return err
	}))
	return names
}

// visible returns the names that are not those of part files.
func visible(names []string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return strings.HasSuffix(name, ".part") })
}

// wantAll gives all files the default priority.
func wantAll(t *testing.T, tor *Torrent) {
	t.Helper()
	require.NoError(t, tor.SetPriorities(slices.Repeat([]int{DefaultPriority}, 20)))
}

var formats = map[string]builder.Options{
	"v1":     {Format: metainfo.V1},
	"v2":     {Format: metainfo.V2},
	"hybrid": {Format: metainfo.Hybrid},
}

// TestOneFile downloads one file of twenty, in one run and over a restart, and then the rest.
func TestOneFile(t *testing.T) {
	for name, format := range formats {
		t.Run(name, func(t *testing.T) {
			a := newCollection(t, format)
			dir, state := t.TempDir(), t.TempDir()
			c, tor := a.add(t, Config{Dir: dir, State: state}, a.only(3))
			require.NoError(t, tor.Wait(within(t)))
			stats := tor.Stats()
			require.True(t, stats.Finished())
			require.False(t, stats.Complete())
			require.Equal(t, 1.0, tor.Progress())
			require.LessOrEqual(t, stats.Down.Total, int64(40_000+2*(16<<10)))
			require.Equal(t, []string{a.name(3)}, visible(onDisk(t, dir)))
			a.requireSame(t, dir, 3)
			isV1 := name == "v1"
			hasPart := func() bool { return len(onDisk(t, dir)) == 2 }
			require.Equal(t, isV1, hasPart(), "pieces have bytes of other files")
			eta, known := tor.ETA()
			require.Zero(t, eta)
			require.True(t, known)
			require.NoError(t, c.Close())
			require.Equal(t, isV1, hasPart())

			c, tor = a.add(t, Config{Dir: dir, State: state}, AddOptions{})
			require.NoError(t, tor.Wait(within(t)))
			require.Equal(t, stats.Held, tor.Stats().Held, "nothing was lost")
			require.Equal(t, stats.Down.Total, tor.Stats().Down.Total, "nothing was fetched again")
			require.Equal(t, []string{a.name(3)}, visible(onDisk(t, dir)))
			wantAll(t, tor)
			require.False(t, tor.Stats().Finished())
			require.NoError(t, tor.Wait(within(t)))
			a.requireAll(t, dir)
			require.NoError(t, c.Close())
			a.requireAll(t, dir)

			_, tor = a.add(t, Config{Dir: dir, State: state}, AddOptions{})
			require.True(t, tor.Stats().Complete())
		})
	}
}

// TestSelectionOfACrash ends a client at random moments, and starts the next with the files and records of
// that moment. What is wanted changes meanwhile; files that nobody ever wanted never appear.
func TestSelectionOfACrash(t *testing.T) {
	for name, format := range formats {
		t.Run(name, func(t *testing.T) {
			a := newCollection(t, format)
			dir, state := t.TempDir(), t.TempDir()
			r := rand.New(rand.NewPCG(3, 4))
			wanted := map[string]bool{a.name(0): true}
			o := a.only(0)
			for round := range 6 {
				c, tor := a.add(t, Config{Dir: dir, State: state, Save: time.Millisecond}, o)
				o = AddOptions{}
				for range 3 {
					priorities := slices.Repeat([]int{Unwanted}, 20)
					for range 1 + r.IntN(3) {
						i := r.IntN(20)
						priorities[i], wanted[a.name(i)] = 1+r.IntN(7), true
					}
					require.NoError(t, tor.SetPriorities(priorities))
					if r.IntN(2) == 0 {
						require.NoError(t, tor.Wait(within(t)))
					}
				}
				files, err := tor.Files()
				require.NoError(t, err)
				soon(t, func() bool {
					r, err := tor.run().folder.Load(tor.ID())
					differs := func(f File) bool { return int(r.Totals.Selection.Files[f.Index]) != f.Priority }
					return err == nil && !slices.ContainsFunc(files, differs)
				}, "what is wanted is saved")
				restore := snapshot(t, dir, state)
				require.NoError(t, c.Close())
				restore()
				for _, name := range visible(onDisk(t, dir)) {
					require.True(t, wanted[name], "%s in round %d", name, round)
				}
				c, tor = a.add(t, Config{Dir: dir, State: state}, AddOptions{Paused: true})
				again, err := tor.Files()
				require.NoError(t, err)
				for i := range files {
					require.Equal(t, files[i].Priority == 0, again[i].Priority == 0, "what is wanted survives")
				}
				require.NoError(t, c.Close())
			}
			_, tor := a.add(t, Config{Dir: dir, State: state}, AddOptions{})
			wantAll(t, tor)
			require.NoError(t, tor.Wait(within(t)))
			a.requireAll(t, dir)
		})
	}
}

// snapshot copies folders, and returns what puts them back as they were.
func snapshot(t *testing.T, dirs ...string) (restore func()) {
	t.Helper()
	type file struct {
		name string
		data []byte
		info fs.FileInfo
	}
	var files []file
	for _, dir := range dirs {
		require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // a file that was replaced
			}
			if err != nil || path == dir {
				return err
			}
			info, err := d.Info()
			f := file{name: path, info: info}
			if err == nil && !d.IsDir() {
				f.data, err = os.ReadFile(path)
			}
			if err == nil {
				files = append(files, f)
			} else if errors.Is(err, fs.ErrNotExist) {
				err = nil
			}
			return err
		}))
	}
	return func() {
		for _, dir := range dirs {
			all, err := os.ReadDir(dir)
			require.NoError(t, err)
			for _, e := range all {
				require.NoError(t, os.RemoveAll(filepath.Join(dir, e.Name())))
			}
		}
		for _, f := range files {
			if f.info.IsDir() {
				require.NoError(t, os.MkdirAll(f.name, 0o777))
				continue
			}
			require.NoError(t, os.WriteFile(f.name, f.data, 0o666))
			require.NoError(t, os.Chtimes(f.name, time.Time{}, f.info.ModTime()))
		}
	}
}

// TestForeignFileThatIsNotWanted leaves files of others alone at the paths of files that are not
// wanted.
func TestForeignFileThatIsNotWanted(t *testing.T) {
	a := newCollection(t, formats["v1"])
	dir := t.TempDir()
	foreign := map[int][]byte{4: make([]byte, 70_001), 1: []byte("something else")}
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "album"), 0o777))
	for i, b := range foreign {
		require.NoError(t, os.WriteFile(filepath.Join(dir, a.name(i)), b, 0o666))
	}
	requireForeign := func() {
		t.Helper()
		for i, b := range foreign {
			got, err := os.ReadFile(filepath.Join(dir, a.name(i)))
			require.NoError(t, err)
			require.Equal(t, b, got)
		}
	}
	c, tor := a.add(t, Config{Dir: dir, State: t.TempDir()}, a.only(3))
	require.NoError(t, tor.Wait(within(t)))
	a.requireSame(t, dir, 3)
	requireForeign()
	var size *StoreError
	f, err := tor.File(a.name(1))
	require.NoError(t, err)
	require.ErrorAs(t, f.SetPriority(DefaultPriority), &size)
	requireForeign()
	require.NoError(t, f.SetPriority(Unwanted))
	soon(t, func() bool { return tor.Resume() == nil && tor.Stats().Phase == engine.PhaseRunning })
	require.NoError(t, tor.Wait(within(t)), "it goes on without that file")
	require.NoError(t, c.Remove(tor, Delete))
	requireForeign()
	require.Equal(t, []string{a.name(1), a.name(4)}, onDisk(t, dir))
}

// TestFileAtTheFolderOfAFileThatIsNotWanted leaves alone what has the place of a folder that only files
// need which are not wanted.
func TestFileAtTheFolderOfAFileThatIsNotWanted(t *testing.T) {
	a := newCollection(t, formats["v1"])
	require.NoError(t, os.Mkdir(filepath.Join(a.dir, "album", "folder"), 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(a.dir, "album", "folder", "z"), []byte("unwanted"), 0o666))
	seed, err := a.seeder.Seed(t.Context(), filepath.Join(a.dir, "album"), SeedOptions{Build: builder.Options{PieceLength: 16 << 10}})
	require.NoError(t, err)
	a.meta = metaOf(t, seed)
	dir := t.TempDir()
	mine := filepath.Join(dir, "album", "folder")
	require.NoError(t, os.Mkdir(filepath.Dir(mine), 0o777))
	require.NoError(t, os.WriteFile(mine, []byte("mine"), 0o666))
	config := Config{Dir: dir, State: t.TempDir()}
	for _, suffix := range []string{"", ".part"} {
		config.Disk.Suffix = suffix
		c, tor := a.add(t, config, a.only(3))
		require.NoError(t, tor.Wait(within(t)))
		a.requireSame(t, dir, 3)
		require.NoError(t, c.Close())
	}
	got, err := os.ReadFile(mine)
	require.NoError(t, err)
	require.Equal(t, "mine", string(got))
}

// TestRemovePartOfATorrent deletes what is there, and the part file.
func TestRemovePartOfATorrent(t *testing.T) {
	a := newCollection(t, formats["v1"])
	dir, state := t.TempDir(), t.TempDir()
	c, tor := a.add(t, Config{Dir: dir, State: state}, a.only(3))
	require.NoError(t, tor.Wait(within(t)))
	require.Len(t, onDisk(t, dir), 2)
	require.NoError(t, c.Close())
	c, tor = a.add(t, Config{Dir: dir, State: state}, AddOptions{})
	require.NoError(t, c.Remove(tor, Delete))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
	require.ErrorIs(t, tor.SetPriorities(slices.Repeat([]int{4}, 20)), ErrRemoved)
	require.ErrorIs(t, tor.SetPieces(0, 1, 4), ErrRemoved)
	require.ErrorIs(t, tor.SetDeadline(0, time.Now()), ErrRemoved)
	require.ErrorIs(t, tor.SetSequential(true), ErrRemoved)
}
