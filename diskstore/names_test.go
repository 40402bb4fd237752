package diskstore

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/diskstore/internal/places"
	"github.com/shoal-bt/shoal/swarm"
)

// tenBytes returns files of ten bytes each.
func tenBytes(paths ...string) []swarm.File {
	var files []swarm.File
	for i, p := range paths {
		files = append(files, swarm.File{Path: p, Offset: int64(10 * i), Length: 10})
	}
	return files
}

// placesOf returns where files are made, relative to a folder above all.
func placesOf(t *testing.T, above string, files []swarm.File, o Options) []string {
	t.Helper()
	n, err := NewNames(filepath.Join(above, "done"), files, o)
	require.NoError(t, err)
	var places []string
	for _, f := range files {
		at, err := filepath.Rel(above, n.Path(f.Path))
		require.NoError(t, err)
		places = append(places, filepath.ToSlash(at))
	}
	return places
}

func TestNamesWhileIncomplete(t *testing.T) {
	long := strings.Repeat("n", 252)
	for name, test := range map[string]struct {
		suffix, other string
		paths, want   []string
	}{
		"suffix":                       {".part", "", []string{"t/a", "b"}, []string{"done/t/a.part", "done/b.part"}},
		"folder":                       {"", "new", []string{"t/a", "b"}, []string{"new/t/a", "new/b"}},
		"both":                         {".part", "new", []string{"t/a"}, []string{"new/t/a.part"}},
		"neither":                      {"", "", []string{"t/a"}, []string{"done/t/a"}},
		"the same folder":              {"", "done", []string{"t/a"}, []string{"done/t/a"}},
		"a file of that name":          {".part", "", []string{"a", "a.part"}, []string{"done/a.part.part", "done/a.part.part.part"}},
		"the other way round":          {".part", "", []string{"a.part", "a"}, []string{"done/a.part.part", "done/a.part.part.part"}},
		"two files of that name":       {".part", "", []string{"a.part", "a.part.part"}, []string{"done/a.part.part.part", "done/a.part.part.part.part"}},
		"in capital letters":           {".part", "", []string{"a", "A.PART"}, []string{"done/a.part.part", "done/A.PART.part.part"}},
		"a folder of that name":        {".part", "", []string{"a", "a.part/b"}, []string{"done/a.part.part", "done/a.part/b.part"}},
		"a folder there":               {".part", "new", []string{"a", "a.part/b"}, []string{"new/a.part.part", "new/a.part/b.part"}},
		"a folder within":              {"", "done/new", []string{"a", "new/a", "b"}, []string{"done/a", "done/new/new/a", "done/new/b"}},
		"a folder above":               {"", ".", []string{"a", "done/a", "b"}, []string{"a", "done/done/a", "b"}},
		"too long":                     {".part", "", []string{"t/" + long, "b"}, []string{"done/t/" + long, "done/b.part"}},
		"too long in the other folder": {".part", "new", []string{"t/" + long}, []string{"new/t/" + long}},
		"as long as it may be":         {".pt", "", []string{long}, []string{"done/" + long + ".pt"}},
	} {
		t.Run(name, func(t *testing.T) {
			above := t.TempDir()
			o := Options{Suffix: test.suffix}
			if test.other != "" {
				o.IncompleteDir = filepath.Join(above, test.other)
			}
			require.Equal(t, test.want, placesOf(t, above, tenBytes(test.paths...), o))

			// A store makes them there, and moves them to their paths.
			files := tenBytes(test.paths...)
			s := mustOpen(t, filepath.Join(above, "done"), files, o)
			writeAll(t, s, ones(len(files)*10), 0)
			for i, place := range test.want {
				require.FileExists(t, filepath.Join(above, place))
				require.Equal(t, filepath.Join(above, place), s.Names().Path(test.paths[i]))
			}
			require.NoError(t, s.Complete())
			for i, p := range test.paths {
				content, err := os.ReadFile(filepath.Join(above, "done", p))
				require.NoError(t, err)
				require.Equal(t, ones(len(files) * 10)[10*i:10*i+10], content)
			}
			require.NoError(t, s.Remove())
			for _, name := range tree(t, above) {
				require.Contains(t, []string{"done/", "new/", "done/new/"}, name)
			}
		})
	}
}

// A chain of paths that differ by the suffix costs a bounded number of looks for each file.
func TestNamesOfALongChain(t *testing.T) {
	var paths []string
	for i := range 200 {
		paths = append(paths, "a"+strings.Repeat("~", i))
	}
	above := t.TempDir()
	places := placesOf(t, above, tenBytes(paths...), Options{Suffix: "~"})
	require.Equal(t, "done/a", places[0], "made with its own name")
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(places))), 200)
}

func TestSuffixIsPartOfAName(t *testing.T) {
	for _, suffix := range []string{"/part", "..\\x", "a\x00", ".", ".x ", ":x", strings.Repeat("x", 300)} {
		_, err := Open(t.TempDir(), tenBytes("a"), Options{Suffix: suffix})
		require.ErrorContains(t, err, "cannot be part of a file's name")
	}
}

// Pads, empty files and symlinks have no other place.
func TestOtherFilesAreMadeAtTheirPaths(t *testing.T) {
	above := t.TempDir()
	dir := filepath.Join(above, "done")
	s := mustOpen(t, dir, someFiles(), Options{Suffix: ".part", IncompleteDir: filepath.Join(above, "new")})
	writeAll(t, s, ones(someLength), 0)
	want := []string{"done/", "done/t/", "done/t/empty", "done/t/link", "new/", "new/t/", "new/t/a.part", "new/t/d/", "new/t/d/b.part", "new/t/d/e/", "new/t/d/e/run.part"}
	require.Equal(t, want, tree(t, above))
	stats, err := s.Stat()
	require.NoError(t, err)
	for i, f := range someFiles() {
		require.Equal(t, !f.Pad, stats[i].Exists, f.Path)
		require.Equal(t, f.Path, stats[i].Path)
		require.Equal(t, !f.Pad, stats[i].Ours, f.Path)
	}
	require.NoError(t, s.Complete())
	want = []string{"done/", "done/t/", "done/t/a", "done/t/d/", "done/t/d/b", "done/t/d/e/", "done/t/d/e/run", "done/t/empty", "done/t/link", "new/"}
	require.Equal(t, want, tree(t, above), "empty folders of ours are deleted")
	info, err := os.Stat(filepath.Join(dir, "t/d/e/run"))
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&0o100, "executable")
	require.NoError(t, s.Remove())
	require.Equal(t, []string{"done/", "new/"}, tree(t, above))
}

// The store says before it makes a file that both its names are ours.
func TestOwnGetsBothNames(t *testing.T) {
	dir := t.TempDir()
	var told []string
	own := func(names []string) error {
		for _, name := range names {
			if places.IsOther(name) {
				require.NoFileExists(t, filepath.Join(dir, "a.part"))
			}
		}
		told = append(told, names...)
		return nil
	}
	var taken []string
	disown := func(names []string) { taken = append(taken, names...) }
	s := mustOpen(t, dir, tenBytes("a", "b"), Options{Suffix: ".part", Own: own, Disown: disown})
	writeAll(t, s, ones(10), 0)
	name := places.Name("", ".part", "a")
	require.Equal(t, []string{name, "a"}, told)
	require.Equal(t, []string{name}, s.Owned())
	require.Equal(t, []string{places.Name("", ".part", "b")}, s.Names().Claims("b"))
	require.Empty(t, s.Names().Claims("a"), "it is there already")
	require.NoError(t, s.FinishFile(0))
	require.Equal(t, []string{"a"}, s.Owned())
	require.Equal(t, []string{name}, taken)
}

// Files that were made with other options are found where they are.
func TestOtherOptions(t *testing.T) {
	above := t.TempDir()
	dir := filepath.Join(above, "done")
	files := tenBytes("t/a", "t/b")
	var owned []string
	for i, o := range []Options{
		{IncompleteDir: filepath.Join(above, "new"), Suffix: ".part"},
		{},
		{Suffix: ".!sh"},
		{IncompleteDir: filepath.Join(above, "newer")},
	} {
		o.Owned = owned
		s := mustOpen(t, dir, files, o)
		if i > 0 {
			got := make([]byte, 10)
			_, err := s.ReadAt(got, 0)
			require.NoError(t, err)
			require.Equal(t, ones(10), got)
		}
		writeAll(t, s, ones(10), 0)
		require.NoError(t, s.Sync())
		require.Equal(t, filepath.Join(above, "new/t/a.part"), s.Names().Path("t/a"))
		owned = s.Owned()
		names, err := NewNames(dir, files, Options{Owned: owned})
		require.NoError(t, err)
		info, err := names.Stat("t/a")
		require.NoError(t, err)
		require.EqualValues(t, 10, info.Size())
		require.NoError(t, s.Close())
	}
	s := mustOpen(t, dir, files, Options{Owned: owned})
	require.NoError(t, s.FinishFile(0))
	require.Equal(t, []string{"done/", "done/t/", "done/t/a", "new/"}, tree(t, above)[:4])
	require.NoError(t, s.Remove())
}

// Nothing in a record leads to a file that is not at a path of the torrent with a suffix.
func TestOwnedNamesOfOthers(t *testing.T) {
	above := t.TempDir()
	mine := put(t, above, "mine", ones(10))
	beside := put(t, above, "done/a.txt", ones(10))
	owned := []string{
		places.Name(above, "", "mine"), places.Name(above, "/../mine", "a"), places.Name("../", "", "mine"),
		places.Name("", "", "a"), "\x00", "\x00\x00", "\x00\x00\x00", places.Name("", "", "../mine"), places.Name(above, "", "."),
	}
	s := mustOpen(t, filepath.Join(above, "done"), tenBytes("a"), Options{Owned: owned})
	writeAll(t, s, ones(10), 0)
	require.NoError(t, s.Remove())
	require.FileExists(t, mine)
	require.FileExists(t, beside)
}

func FuzzOwnedNames(f *testing.F) {
	f.Add("\x00.part\x00t/a", ".part", "t/b")
	f.Add("/\x00\x00t/a", "", "t/a.part")
	f.Fuzz(func(t *testing.T, owned, suffix, other string) {
		files := tenBytes("t/a", other)
		l, err := newLayout(files)
		if err != nil {
			return
		}
		n, err := places.New("/x", files, suffix, "", []string{owned})
		if err != nil {
			return
		}
		seen := make(map[string]bool)
		for _, file := range l.files {
			at := n.Path(file.Path)
			if seen[at] {
				t.Fatalf("two files are at %s", at)
			}
			seen[at] = true
			for _, name := range n.All(file.Path) {
				dir, suffix, p := places.Split(name)
				if p != file.Path || strings.ContainsAny(suffix, "/\\") || (dir != "" && !filepath.IsAbs(dir)) {
					t.Fatalf("%q is a name of %s", name, file.Path)
				}
			}
		}
	})
}

// If the file system has shorter names than usual, the file is made with its own.
func TestNameIsTooLongForTheFileSystem(t *testing.T) {
	fake := &fakeFS{hook: func(_, name string) error {
		if strings.Contains(name, ".part") {
			return syscall.ENAMETOOLONG
		}
		return nil
	}}
	dir := t.TempDir()
	s := mustOpen(t, dir, tenBytes("a"), Options{FS: fake, Suffix: ".part"})
	writeAll(t, s, ones(10), 0)
	require.Equal(t, []string{"a"}, tree(t, dir))
	require.NoError(t, s.Complete())
}

func TestIncompleteDirCannotBeMade(t *testing.T) {
	above := t.TempDir()
	put(t, above, "file", ones(1))
	for _, other := range []string{"file", "file/within"} {
		o := Options{IncompleteDir: filepath.Join(above, other)}
		s, err := Open(filepath.Join(above, "done"), tenBytes("a"), o)
		if err == nil {
			_, err = s.WriteAt(ones(10), 0)
			s.Close()
		}
		require.ErrorContains(t, err, filepath.Join(above, "file"))
	}
	fake := &fakeFS{hook: func(op, name string) error {
		if op == "folder" && strings.HasSuffix(name, "new") {
			return &fs.PathError{Op: "mkdir", Path: name, Err: syscall.EROFS}
		}
		return nil
	}}
	_, err := Open(filepath.Join(above, "done"), tenBytes("a"), Options{FS: fake, IncompleteDir: filepath.Join(above, "new")})
	require.ErrorIs(t, err, syscall.EROFS)
	require.NoFileExists(t, filepath.Join(above, "done/a"))
}

func TestIncompleteDirOnAnotherFileSystem(t *testing.T) {
	above := t.TempDir()
	dir, other := filepath.Join(above, "done"), filepath.Join(above, "new")
	fake := &fakeFS{hook: func(op, _ string) error {
		if op == "canmove" {
			return syscall.EXDEV
		}
		return nil
	}}
	_, err := Open(dir, tenBytes("a"), Options{FS: fake, IncompleteDir: other})
	var cross *CrossDeviceError
	require.ErrorAs(t, err, &cross)
	require.Equal(t, CrossDeviceError{Dir: dir, IncompleteDir: other}, *cross)
	require.ErrorIs(t, err, syscall.EXDEV)

	// If every file that is wanted is at its path, it does not matter.
	put(t, dir, "b", ones(10))
	o := Options{FS: fake, IncompleteDir: other, Unwanted: []bool{true, false}}
	s := mustOpen(t, dir, tenBytes("a", "b"), o)
	require.NoError(t, s.Complete())
	require.NoError(t, s.SetUnwanted(nil))
	_, err = s.WriteAt(ones(10), 0)
	require.ErrorAs(t, err, &cross, "a file would be made there now")
	require.NoFileExists(t, filepath.Join(other, "a"))

	// Some systems say so only when the file moves. Its bytes stay.
	fake.set(func(op, _ string) error {
		if op == "move" {
			return syscall.EXDEV
		}
		return nil
	})
	s = mustOpen(t, dir, tenBytes("a"), Options{FS: fake, IncompleteDir: other})
	writeAll(t, s, ones(10), 0)
	require.ErrorAs(t, s.FinishFile(0), &cross)
	require.Equal(t, CrossDeviceError{Dir: dir, IncompleteDir: other}, *cross)
	got := make([]byte, 10)
	_, err = s.ReadAt(got, 0)
	require.NoError(t, err)
	require.Equal(t, ones(10), got)
}

// immovable is an FS whose folders cannot move files.
type immovable struct{ OS }

func (f immovable) OpenFolder(dir string, create bool) (Folder, error) {
	folder, err := f.OS.OpenFolder(dir, create)
	if err != nil {
		return nil, err
	}
	return struct{ Folder }{folder}, nil
}

// Without a way to move a file nothing is made at another place, but what exists is read.
func TestFoldersThatCannotMove(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "b", ones(10))
	s := mustOpen(t, dir, tenBytes("a", "b"), Options{FS: immovable{}, Suffix: ".part"})
	_, err := s.ReadAt(make([]byte, 10), 10)
	require.NoError(t, err)
	_, err = s.WriteAt(ones(10), 0)
	require.ErrorIs(t, err, errors.ErrUnsupported)
	require.Equal(t, []string{"b"}, tree(t, dir))
}
