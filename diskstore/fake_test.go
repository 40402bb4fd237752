package diskstore

import (
	"io/fs"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

// A fakeFS is the operating system's FS with a hook before each call, and a
// count of what is open. A hook that returns an error fails the call.
type fakeFS struct {
	OS
	hook func(op, name string) error                    // op: folder open mkdir lstat symlink remove syncfolder move moved canmove read write sync truncate allocate
	mark func(name string, modTime time.Time) time.Time // as timeMarker; nil for none

	mu      sync.Mutex
	open    int
	maxOpen int
	calls   map[string]int
}

func (f *fakeFS) call(op, name string) error {
	f.mu.Lock()
	if f.calls == nil {
		f.calls = make(map[string]int)
	}
	f.calls[op]++
	hook := f.hook
	f.mu.Unlock()
	if hook == nil {
		return nil
	}
	return hook(op, name)
}

func (f *fakeFS) count(op string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[op]
}

// set changes the hook.
func (f *fakeFS) set(hook func(op, name string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook = hook
}

func (f *fakeFS) opened(by int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open += by
	f.maxOpen = max(f.maxOpen, f.open)
}

func (f *fakeFS) OpenFolder(dir string, create bool) (Folder, error) {
	if err := f.call("folder", dir); err != nil {
		return nil, err
	}
	d, err := f.OS.OpenFolder(dir, create)
	if err != nil {
		return nil, err
	}
	f.opened(1)
	return &fakeFolder{d, f}, nil
}

type fakeFolder struct {
	Folder
	fs *fakeFS
}

func (d *fakeFolder) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	op := "open"
	if flag&os.O_CREATE != 0 {
		op = "create"
	} else if flag&os.O_RDWR != 0 {
		op = "openrw"
	}
	if err := d.fs.call(op, name); err != nil {
		return nil, err
	}
	f, err := d.Folder.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	d.fs.opened(1)
	return &fakeFile{f, d.fs, name}, nil
}

func (d *fakeFolder) Mkdir(name string, perm fs.FileMode) error {
	if err := d.fs.call("mkdir", name); err != nil {
		return err
	}
	return d.Folder.Mkdir(name, perm)
}

func (d *fakeFolder) Lstat(name string) (fs.FileInfo, error) {
	if err := d.fs.call("lstat", name); err != nil {
		return nil, err
	}
	return d.Folder.Lstat(name)
}

func (d *fakeFolder) Symlink(target, name string) error {
	if err := d.fs.call("symlink", name); err != nil {
		return err
	}
	return d.Folder.Symlink(target, name)
}

func (d *fakeFolder) Remove(name string) error {
	if err := d.fs.call("remove", name); err != nil {
		return err
	}
	return d.Folder.Remove(name)
}

func (d *fakeFolder) Move(oldName string, to Folder, newName string) error {
	if err := d.fs.call("move", oldName+" "+newName); err != nil {
		return err
	}
	err := d.Folder.(Mover).Move(oldName, to.(*fakeFolder).Folder, newName)
	if err != nil {
		return err
	}
	return d.fs.call("moved", newName)
}

func (d *fakeFolder) CanMove(to Folder) error {
	if err := d.fs.call("canmove", ""); err != nil {
		return err
	}
	return d.Folder.(Mover).CanMove(to.(*fakeFolder).Folder)
}

func (d *fakeFolder) SyncFolder(name string) error {
	if err := d.fs.call("syncfolder", name); err != nil {
		return err
	}
	return d.Folder.SyncFolder(name)
}

func (d *fakeFolder) Close() error {
	d.fs.opened(-1)
	return d.Folder.Close()
}

type fakeFile struct {
	File
	fs   *fakeFS
	name string
}

func (f *fakeFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.fs.call("read", f.name); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, off)
}

func (f *fakeFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.fs.call("write", f.name); err != nil {
		return 0, err
	}
	return f.File.WriteAt(p, off)
}

func (f *fakeFile) ReadVecAt(bufs [][]byte, off int64) (int64, error) {
	if err := f.fs.call("read", f.name); err != nil {
		return 0, err
	}
	return swarm.ReadVecAt(f.File, bufs, off)
}

func (f *fakeFile) WriteVecAt(bufs [][]byte, off int64) (int64, error) {
	if err := f.fs.call("write", f.name); err != nil {
		return 0, err
	}
	return swarm.WriteVecAt(f.File, bufs, off)
}

func (f *fakeFile) Allocate(size int64) error {
	if err := f.fs.call("allocate", f.name); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *fakeFile) Truncate(size int64) error {
	if err := f.fs.call("truncate", f.name); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *fakeFile) MarkTime(modTime time.Time) time.Time {
	if f.fs.mark == nil {
		return modTime
	}
	return f.fs.mark(f.name, modTime)
}

func (f *fakeFile) Sync() error {
	if err := f.fs.call("sync", f.name); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *fakeFile) Close() error {
	f.fs.opened(-1)
	return f.File.Close()
}

// run is a torrent of several files, with a pad, an empty file and a symlink.
func someFiles() []swarm.File {
	return []swarm.File{
		{Path: "t/a", Offset: 0, Length: 10},
		{Path: ".pad/6", Offset: 10, Length: 6, Pad: true},
		{Path: "t/d/b", Offset: 16, Length: 5},
		{Path: "t/empty", Offset: 21},
		{Path: "t/d/e/run", Offset: 21, Length: 7, Executable: true},
		{Path: "t/link", Offset: 28, Symlink: "t/d/b"},
	}
}

const someLength = 28

func mustOpen(t testing.TB, dir string, files []swarm.File, o Options) *Store {
	t.Helper()
	s, err := Open(dir, files, o)
	require.NoError(t, err)
	t.Cleanup(func() {
		s.Close()
		if o.Handles == nil {
			require.Zero(t, s.handles.Open(), "handles open after Close")
		}
	})
	return s
}

// ones returns n bytes that are not zero.
func ones(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i%255) + 1
	}
	return p
}

func writeAll(t testing.TB, s *Store, p []byte, off int64) {
	t.Helper()
	n, err := s.WriteAt(p, off)
	require.NoError(t, err)
	require.Len(t, p, n)
}
