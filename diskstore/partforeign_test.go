package diskstore

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/diskstore/internal/partfile"
	"github.com/shoal-bt/shoal/swarm"
)

// A file that is not wanted and is not ours is left alone, whatever it is. What comes of it
// goes to the part file, and what exists of it in the right size is read.
func TestForeignFileThatIsNotWanted(t *testing.T) {
	files, want := partTorrent()
	unwanted := everySecond(files)
	a := files[0]
	for name, content := range map[string][]byte{"longer": ones(50001), "empty": {}, "another": bytes.Repeat([]byte{9}, 50000)} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := put(t, dir, a.Path, content)
			s := mustOpen(t, dir, files, Options{Unwanted: unwanted, PartFile: ".x.part"})
			p := make([]byte, 100)
			n, err := s.ReadAt(p, 0)
			if len(content) == int(a.Length) {
				require.NoError(t, err)
				require.Equal(t, content[:100], p)
			} else {
				require.Zero(t, n)
				require.ErrorIs(t, err, fs.ErrNotExist)
			}
			writeAll(t, s, want[:a.Length-10], 0)
			p = make([]byte, a.Length-10)
			_, err = s.ReadAt(p, 0)
			require.NoError(t, err)
			require.Equal(t, want[:a.Length-10], p)
			require.NoError(t, s.Sync())

			// When it is wanted it is in the way; other files are not concerned.
			writeAll(t, s, want[files[2].Offset:files[3].Offset], files[2].Offset)
			require.Contains(t, s.InPart(), files[2].Path)
			require.Error(t, s.SetUnwanted(nil))
			require.Equal(t, []string{a.Path}, s.InPart())
			_, err = s.WriteAt(want[:10], 0)
			if len(content) == int(a.Length) {
				require.ErrorIs(t, err, ErrForeign)
			} else {
				require.ErrorAs(t, err, new(*SizeError))
			}
			writeAll(t, s, want[files[1].Offset:], files[1].Offset)
			requireContent(t, path, content)

			// Moved away, it makes room.
			require.NoError(t, os.Rename(path, path+".mine"))
			if len(content) == int(a.Length) {
				_, err = s.WriteAt(want[:10], 0)
				require.ErrorIs(t, err, ErrForeign)
				require.NoError(t, s.Close())
				s = mustOpen(t, dir, files, Options{PartFile: ".x.part", Owned: s.Owned()})
			}
			writeAll(t, s, want[a.Length-10:a.Length], a.Length-10)
			require.NoError(t, s.Complete())
			requireBytes(t, s, want)
			require.NoError(t, os.Remove(path+".mine"))
			requireFiles(t, dir, files, want)
		})
	}
}

// requireContent requires what a file contains.
func requireContent(t *testing.T, path string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// A file that becomes wanted while a write that includes it is under way is made by it.
func TestWantedDuringAWrite(t *testing.T) {
	fake := &fakeFS{}
	dir := t.TempDir()
	files, want := partTorrent()
	s := openWithPart(t, dir, files, Options{FS: fake})
	var once sync.Once
	fake.set(func(op, name string) error {
		if op == "write" && name == files[1].Path {
			once.Do(func() { require.NoError(t, s.SetUnwanted(nil)) })
		}
		return nil
	})
	n, err := swarm.WriteVecAt(s, [][]byte{want[files[1].Offset:]}, files[1].Offset)
	require.NoError(t, err)
	require.EqualValues(t, len(want)-int(files[1].Offset), n)
	writeAll(t, s, want[:files[1].Offset], 0)
	require.NoError(t, s.Complete())
	requireFiles(t, dir, files, want)
}

// A file that is no longer wanted keeps what it has, and gets more.
func TestNoLongerWanted(t *testing.T) {
	dir := t.TempDir()
	files, want := partTorrent()
	s := mustOpen(t, dir, files, Options{PartFile: ".x.part"})
	writeAll(t, s, want[:30000], 0)
	all := make([]bool, len(files))
	for i := range all {
		all[i] = true
	}
	require.NoError(t, s.SetUnwanted(all))
	writeAll(t, s, want[30000:50000], 30000)
	_, ok := s.Part()
	require.False(t, ok)
	content, err := os.ReadFile(filepath.Join(dir, files[0].Path))
	require.NoError(t, err)
	require.Equal(t, want[:50000], content)

	// It is deleted, and not made again.
	require.NoError(t, s.Sync())
	require.NoError(t, os.Remove(filepath.Join(dir, files[0].Path)))
	require.NoError(t, s.Complete(), "what is not wanted may be missing")
	writeAll(t, s, want[:10], 0)
	require.Error(t, s.Sync(), "it is gone")
	writeAll(t, s, want[:50000], 0)
	require.NoFileExists(t, filepath.Join(dir, files[0].Path))
	require.Equal(t, []string{files[0].Path}, s.InPart())
}

// Whatever has the name of the part file and is not ours stays, and another name is taken,
// which is no name of the torrent.
func TestNameOfThePartFileIsTaken(t *testing.T) {
	files, want := partTorrent()
	files[3].Path = ".X.part.1" // also where small letters are capitals
	files[4].Path = ".x.part.2/a"
	another := partfile.Header(partfile.Key{1})
	for name, content := range map[string][]byte{
		"text": []byte("mine"), "empty": {}, "zeros": make([]byte, 4096), "of another torrent": another,
		"of this torrent, and not ours": nil,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if content == nil {
				s := openWithPart(t, dir, files, Options{})
				writeAll(t, s, want[:10], 0)
				require.NoError(t, s.Close())
				require.NoError(t, os.RemoveAll(filepath.Join(dir, "t")))
				var err error
				content, err = os.ReadFile(filepath.Join(dir, ".x.part"))
				require.NoError(t, err)
			} else {
				put(t, dir, ".x.part", content)
			}
			var owned []string
			var warnings []error
			o := Options{
				Own:  func(paths []string) error { owned = append(owned, paths...); return nil },
				Warn: func(err error) { warnings = append(warnings, err) },
			}
			s := openWithPart(t, dir, files, o)
			require.Len(t, warnings, 1)
			require.ErrorIs(t, warnings[0], ErrForeignPart)
			writeAll(t, s, want, 0)
			require.NotContains(t, owned, ".x.part")
			require.Contains(t, owned, ".x.part.3")
			require.NoError(t, s.Close())
			o.Owned = owned
			s = openWithPart(t, dir, files, o)
			requireBytes(t, s, want)
			require.NoError(t, s.Remove())
			got, err := os.ReadFile(filepath.Join(dir, ".x.part"))
			require.NoError(t, err)
			require.Equal(t, content, got)
			require.Equal(t, []string{".x.part"}, tree(t, dir))
		})
	}
	t.Run("a folder, and all others", func(t *testing.T) {
		dir := t.TempDir()
		s := openWithPart(t, dir, files, Options{})
		for name := range s.partNames() {
			require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o777))
		}
		_, err := s.WriteAt(want[:10], 0)
		require.ErrorIs(t, err, ErrForeign)
	})
}

// A part file that is listed as ours, and is not what we left: it costs what was in it.
func TestPartFileThatWasChanged(t *testing.T) {
	files, want := partTorrent()
	for name, change := range map[string]func(t *testing.T, path string){
		"deleted":        func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) },
		"cut to nothing": func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 0)) },
		"cut":            func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 30000)) },
		"cut in the header": func(t *testing.T, path string) {
			require.NoError(t, os.Truncate(path, 20))
		},
		"text": func(t *testing.T, path string) { require.NoError(t, os.WriteFile(path, []byte("mine"), 0o666)) },
		"a folder": func(t *testing.T, path string) {
			require.NoError(t, os.Remove(path))
			require.NoError(t, os.Mkdir(path, 0o777))
		},
		"header":   func(t *testing.T, path string) { spoil(t, path, 25, 200) },
		"entries":  func(t *testing.T, path string) { spoil(t, path, partfile.HeaderLen, 4096) },
		"an entry": func(t *testing.T, path string) { spoil(t, path, partfile.HeaderLen+32, 5) },
		"all":      func(t *testing.T, path string) { spoil(t, path, 0, 100000) },
		"a link": func(t *testing.T, path string) {
			require.NoError(t, os.Remove(path))
			require.NoError(t, os.WriteFile(path+".other", ones(100000), 0o666))
			require.NoError(t, os.Symlink(path+".other", path))
		},
	} {
		for _, open := range []bool{false, true} {
			t.Run(name+map[bool]string{true: " while it is open"}[open], func(t *testing.T) {
				dir := t.TempDir()
				s := openWithPart(t, dir, files, Options{})
				writeAll(t, s, want, 0)
				require.NoError(t, s.Sync())
				change(t, filepath.Join(dir, ".x.part"))
				if !open {
					require.NoError(t, s.Close())
					s = openWithPart(t, dir, files, Options{Owned: s.Owned()})
				}
				// It is read, or missing; and what is written again is there.
				got := make([]byte, len(want))
				for at := 0; at < len(got); at += 1000 {
					_, err := s.ReadAt(got[at:at+1000], int64(at))
					if err != nil && !open {
						require.ErrorIs(t, err, fs.ErrNotExist)
					}
				}
				for try := 0; ; try++ {
					require.Less(t, try, 5, "it is noticed once")
					_, err := s.WriteAt(want, 0)
					if errors.Join(err, s.Sync()) == nil {
						break
					}
				}
				requireBytes(t, s, want)
				// If the size stays, only the time shows a change, and what the store knew
				// is true as long as it is open.
				seen := !slices.Contains(s.Modified(), ".x.part")
				require.NoError(t, s.Close())
				s = openWithPart(t, dir, files, Options{Owned: s.Owned()})
				if seen {
					requireBytes(t, s, want)
				}
				writeAll(t, s, want, 0)
				require.NoError(t, s.SetUnwanted(nil))
				require.NoError(t, s.Complete())
				requireBytes(t, s, want)
			})
		}
	}
}

// spoil changes n bytes of a file.
func spoil(t *testing.T, path string, off int64, n int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	defer f.Close()
	_, err = f.WriteAt([]byte(strings.Repeat("garbage", n)[:n]), off)
	require.NoError(t, err)
}

// Another program touched the part file: that is listed, and costs nothing else.
func TestPartFileThatWasTouched(t *testing.T) {
	dir := t.TempDir()
	files, want := partTorrent()
	s := openWithPart(t, dir, files, Options{})
	writeAll(t, s, want, 0)
	path := filepath.Join(dir, ".x.part")
	later := time.Now().Add(time.Hour)
	require.NoError(t, os.Chtimes(path, later, later))
	writeAll(t, s, want[:10], 0)
	require.Equal(t, []string{".x.part"}, s.Modified())
	require.Empty(t, s.Modified())
	require.NoError(t, s.Close())
	before := time.Unix(1, 0)
	s = openWithPart(t, dir, files, Options{
		Owned:   s.Owned(),
		ModTime: func(path string) (time.Time, bool) { return before, path == ".x.part" },
	})
	require.Equal(t, []string{".x.part"}, s.Modified())
}

// The disk is full in the part file, or when a file leaves it. What was written stays, and
// when there is room it goes on.
func TestDiskFullInThePartFile(t *testing.T) {
	dir := t.TempDir()
	files, want := partTorrent()
	fake := &fakeFS{}
	s := openWithPart(t, dir, files, Options{FS: fake})
	writeAll(t, s, want[:20000], 0)
	full := func(path string) func(op, name string) error {
		return func(op, name string) error {
			if op == "write" && name == path {
				return syscall.ENOSPC
			}
			return nil
		}
	}
	fake.set(full(".x.part"))
	_, err := s.WriteAt(want[20000:], 20000)
	require.ErrorIs(t, err, syscall.ENOSPC)
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, ".x.part", e.Path)
	got := make([]byte, 20000)
	_, err = s.ReadAt(got, 0)
	require.NoError(t, err)
	require.Equal(t, want[:20000], got)

	fake.set(nil)
	writeAll(t, s, want, 0)
	fake.set(full(files[2].Path))
	err = s.SetUnwanted(nil)
	require.ErrorIs(t, err, syscall.ENOSPC)
	requireBytes(t, s, want)
	_, err = s.WriteAt(want[:files[4].Offset], 0)
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.NoError(t, s.Sync(), "nothing is lost")
	fake.set(nil)
	require.NoError(t, s.Complete())
	requireBytes(t, s, want)
	requireFiles(t, dir, files, want)
}

// Reads go on while files leave the part file, and no byte is missing at any time.
func TestReadsWhileFilesLeaveThePartFile(t *testing.T) {
	files := cutFiles(1<<20, nil, 100000, 1, 16384, 5, 70000)
	want := ones(1 << 20)
	s := openWithPart(t, t.TempDir(), files, Options{Handles: NewHandles(4)})
	writeAll(t, s, want, 0)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			got := make([]byte, 50000)
			for at := i * 1000; ; at = (at + 37000) % (len(want) - len(got)) {
				_, err := s.ReadAt(got, int64(at))
				if err != nil || !bytes.Equal(want[at:at+len(got)], got) {
					t.Errorf("read at %d: %v", at, err)
				}
				_, err = s.WriteAt(got, int64(at))
				if err != nil {
					t.Errorf("write at %d: %v", at, err)
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for range 5 {
		require.NoError(t, s.SetUnwanted(nil))
		require.NoError(t, s.SetUnwanted(everySecond(files)))
		require.NoError(t, s.Sync())
	}
	close(stop)
	wg.Wait()
	requireBytes(t, s, want)
}

func TestCloseWhileFilesLeaveThePartFile(t *testing.T) {
	files, want := partTorrent()
	fake := &fakeFS{}
	s := openWithPart(t, t.TempDir(), files, Options{FS: fake})
	writeAll(t, s, want, 0)
	var once sync.Once
	fake.set(func(op, _ string) error {
		if op == "write" {
			once.Do(func() { s.Close() })
		}
		return nil
	})
	_ = s.SetUnwanted(nil) // it may end or be stopped
	require.Zero(t, fake.open)
	require.Zero(t, s.handles.Open())
}
