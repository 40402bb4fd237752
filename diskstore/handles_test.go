package diskstore

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

// openMany opens several stores of several files, each in its own folder.
func openMany(t testing.TB, stores, files int, o Options) []*Store {
	dir := t.TempDir()
	all := make([]*Store, stores)
	for i := range all {
		own := filepath.Join(dir, fmt.Sprint(i))
		require.NoError(t, os.Mkdir(own, 0o777))
		all[i] = mustOpen(t, own, cutFiles(int64(files), nil, 1), o)
	}
	return all
}

// useAll writes, reads and optionally syncs every byte of every store, from several
// goroutines.
func useAll(t testing.TB, stores []*Store, stable bool) {
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for i := g; i < len(stores); i += 16 {
				s := stores[i]
				want := ones(int(s.Length()))
				if _, err := s.WriteAt(want, 0); err != nil {
					t.Error(err)
					return
				}
				// Each goroutine reads its own bytes and those of others.
				p := make([]byte, len(want))
				if _, err := s.ReadAt(p, 0); err != nil || string(p) != string(want) {
					t.Errorf("read %v, %v", p, err)
					return
				}
				_, _ = stores[(i+1)%len(stores)].ReadAt(p, 0)
				if stable {
					if err := s.Sync(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
}

func TestHandlesKeepTheLimit(t *testing.T) {
	for _, limit := range []int{2, 3, 10, 40} {
		fake := &fakeFS{}
		h := NewHandles(limit)
		stores := openMany(t, 20, 5, Options{FS: fake, Handles: h})
		useAll(t, stores, true)
		require.LessOrEqual(t, fake.maxOpen, limit)
		require.LessOrEqual(t, h.Open(), limit)
		for _, s := range stores {
			require.NoError(t, s.Close())
		}
		require.Zero(t, h.Open())
		require.Zero(t, fake.open)
		require.Zero(t, h.uses)
	}
}

func TestHandlesDefaultAndMinimum(t *testing.T) {
	require.Equal(t, 128, NewHandles(0).limit)
	require.Equal(t, 2, NewHandles(1).limit)
	require.Equal(t, 2, NewHandles(-1).limit)
}

// The least recently used file is closed first.
func TestHandlesEvictTheLeastRecentlyUsed(t *testing.T) {
	s := mustOpen(t, t.TempDir(), cutFiles(4, nil, 1), Options{Handles: NewHandles(4)})
	defer s.Close()
	writeAll(t, s, ones(4), 0)
	s.handles.drop(&s.folder)
	open := func() (files []int) {
		for i, f := range s.files {
			if f.writing.isOpen() || f.reading.isOpen() {
				files = append(files, i)
			}
		}
		return files
	}
	read := func(i int64) { s.ReadAt(make([]byte, 1), i) }
	for i := range int64(3) {
		read(i)
	}
	require.Equal(t, []int{0, 1, 2}, open(), "in addition to the folder")
	read(0)
	read(3)
	require.Equal(t, []int{0, 2, 3}, open())
	read(2)
	read(1)
	require.Equal(t, []int{1, 2, 3}, open(), "the folder was used for 3 and 1")
}

// A handle is not closed while a call uses it. A call that finds all handles in use
// waits.
func TestHandlesInUseStayOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		fake := &fakeFS{}
		h := NewHandles(3)
		dir := t.TempDir()
		s := mustOpen(t, dir, cutFiles(6, nil, 1), Options{FS: fake, Handles: h})
		writeAll(t, s, ones(6), 0)
		fake.set(func(op, name string) error {
			if op == "read" {
				<-gate
			}
			return nil
		})
		var wg sync.WaitGroup
		for i := range int64(6) {
			wg.Go(func() {
				p := make([]byte, 1)
				if _, err := s.ReadAt(p, i); err != nil || p[0] != byte(i+1) {
					t.Errorf("read %d, %v", p[0], err)
				}
			})
		}
		synctest.Wait()
		if h.Open() > 3 || fake.maxOpen > 3 {
			t.Errorf("%d are open, and up to %d were", h.Open(), fake.maxOpen)
		}
		closed := make(chan struct{})
		go func() {
			h.drop(&s.files[0].reading, &s.files[0].writing) // also while it is in use
			close(closed)
		}()
		synctest.Wait()
		close(gate)
		wg.Wait()
		<-closed
		s.Close()
		if h.Open() != 0 || fake.open != 0 {
			t.Errorf("%d are open after Close", h.Open())
		}
	})
}

// If the system has no free descriptor, idle ones are closed and the call is retried.
func TestHandlesMakeRoomWhenTheSystemHasNone(t *testing.T) {
	for _, errno := range []error{syscall.EMFILE, syscall.ENFILE} {
		const most = 20 // 16 goroutines use a folder each
		fake := &fakeFS{}
		fake.set(func(op, name string) error {
			fake.mu.Lock()
			defer fake.mu.Unlock()
			if (op == "folder" || op == "open" || op == "openrw" || op == "create") && fake.open >= most {
				return errno
			}
			return nil
		})
		h := NewHandles(1000)
		stores := openMany(t, 40, 5, Options{FS: fake, Handles: h})
		useAll(t, stores, true)
		for _, s := range stores {
			require.NoError(t, s.Close())
		}
		require.Zero(t, h.Open())
	}
}

// If no descriptor becomes free, the call fails and no goroutine waits forever.
func TestHandlesGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeFS{}
		stores := openMany(t, 4, 2, Options{FS: fake, Handles: NewHandles(10)})
		fake.set(func(op, name string) error {
			if op == "create" {
				return syscall.EMFILE
			}
			return nil
		})
		var wg sync.WaitGroup
		for _, s := range stores {
			wg.Go(func() {
				if _, err := s.WriteAt(ones(2), 0); err == nil {
					t.Error("a write succeeded without a descriptor")
				}
			})
		}
		wg.Wait()
		fake.set(nil)
		useAll(t, stores, true)
		for _, s := range stores {
			s.Close()
		}
	})
}

// Reads use the handle that is open for writing.
func TestReadsUseWhatIsOpenForWriting(t *testing.T) {
	fake := &fakeFS{}
	s := mustOpen(t, t.TempDir(), someFiles(), Options{FS: fake})
	writeAll(t, s, ones(5), 0)
	for range 5 {
		_, err := s.ReadAt(make([]byte, 5), 0)
		require.NoError(t, err)
	}
	require.Zero(t, fake.count("open"))
	require.Equal(t, 2, fake.count("create"), "the written file and the empty one")
	require.Zero(t, fake.count("openrw"))
}

func BenchmarkHandles(b *testing.B) {
	for _, limit := range []int{10, 1000} {
		b.Run(fmt.Sprintf("limit=%d", limit), func(b *testing.B) {
			const files = 100
			s := mustOpen(b, b.TempDir(), cutFiles(files<<14, nil, 1<<14), Options{Handles: NewHandles(limit)})
			writeAll(b, s, make([]byte, files<<14), 0)
			p := make([]byte, swarm.BlockLen)
			b.SetBytes(swarm.BlockLen)
			b.ReportAllocs()
			for i := int64(0); b.Loop(); i++ {
				if _, err := s.ReadAt(p, i%files<<14); err != nil {
					b.Fatal(err)
				}
			}
			s.Close()
		})
	}
}
