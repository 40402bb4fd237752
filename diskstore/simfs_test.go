package diskstore

import (
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"sync"
	"time"
)

// A simFS is a file system in memory that can stop at a step, as if the program were killed
// or the power failed, or fail at one. Folders need not be made.
type simFS struct {
	mu     sync.Mutex
	files  map[string]*simFile
	stable map[string]*simFile // names that survive a power cut
	clock  int64
	step   int
	stopAt int   // the step from which on everything fails; 0 for never
	failAt int   // the step that fails; 0 for none
	cause  error // of that
}

func newSimFS() *simFS {
	return &simFS{files: make(map[string]*simFile), stable: make(map[string]*simFile)}
}

// next counts a step. The caller holds mu.
func (d *simFS) next() error {
	d.step++
	if d.stopAt > 0 && d.step >= d.stopAt {
		return errStopped
	}
	if d.step == d.failAt {
		return d.cause
	}
	return nil
}

// A simFile has bytes, and those that survive a power cut with what was written since.
type simFile struct {
	data    []byte
	synced  []byte
	pending []simWrite
	modTime time.Time
}

type simWrite struct {
	off  int64
	data []byte // nil to truncate to off
}

func (w simWrite) apply(data []byte) []byte {
	if w.data == nil {
		if int64(len(data)) > w.off {
			return data[:w.off:w.off]
		}
		return append(slices.Clip(data), make([]byte, w.off-int64(len(data)))...)
	}
	end := w.off + int64(len(w.data))
	if int64(len(data)) < end {
		data = append(slices.Clip(data), make([]byte, end-int64(len(data)))...)
	} else {
		data = slices.Clone(data)
	}
	copy(data[w.off:], w.data)
	return data
}

// afterCrash returns the file system as it is after a crash. If the power failed, what was
// not synced may be there, or not, or begin to be.
func (d *simFS) afterCrash(r *rand.Rand, power bool) *simFS {
	d.mu.Lock()
	defer d.mu.Unlock()
	after := newSimFS()
	after.clock = d.clock
	names := d.files
	if power {
		names = make(map[string]*simFile)
		for _, both := range []map[string]*simFile{d.files, d.stable} {
			for name, f := range both {
				if d.files[name] == d.stable[name] || r.IntN(2) == 0 {
					names[name] = f
				}
			}
		}
	}
	for name, f := range names {
		data := f.data
		if power {
			data = f.synced
			for _, w := range f.pending {
				if r.IntN(2) == 0 {
					continue
				}
				if len(w.data) > 0 && r.IntN(3) == 0 {
					w.data = w.data[:r.IntN(len(w.data))]
				}
				if w.data == nil || len(w.data) > 0 {
					data = w.apply(data)
				}
			}
		}
		same := &simFile{data: slices.Clone(data), synced: slices.Clone(data), modTime: f.modTime}
		after.files[name], after.stable[name] = same, same
	}
	return after
}

func (d *simFS) OpenFolder(string, bool) (Folder, error) { return simFolder{d}, nil }

type simFolder struct{ *simFS }

func (d simFolder) OpenFile(name string, flag int, _ fs.FileMode) (File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if flag&os.O_CREATE != 0 {
		if err := d.next(); err != nil {
			return nil, err
		}
		if d.files[name] != nil {
			return nil, fs.ErrExist
		}
		d.clock++
		d.files[name] = &simFile{modTime: time.Unix(d.clock, 0)}
	}
	f := d.files[name]
	if f == nil {
		return nil, fs.ErrNotExist
	}
	return &simHandle{d.simFS, f, name}, nil
}

func (d simFolder) Mkdir(string, fs.FileMode) error { return nil }

func (d simFolder) Lstat(name string) (fs.FileInfo, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.files[name]; f != nil {
		return simInfo{name, int64(len(f.data)), f.modTime}, nil
	}
	for other := range d.files {
		if path.Dir(other) == name {
			return simInfo{name: name}, nil
		}
	}
	return nil, fs.ErrNotExist
}

func (d simFolder) Readlink(string) (string, error) { return "", fs.ErrInvalid }
func (d simFolder) Symlink(string, string) error    { return fs.ErrInvalid }

func (d simFolder) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.next(); err != nil {
		return err
	}
	delete(d.files, name)
	return nil
}

func (d simFolder) SyncFolder(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.next(); err != nil {
		return err
	}
	for _, both := range []map[string]*simFile{d.files, d.stable} {
		for f := range both {
			if path.Dir(f) == name {
				d.stable[f] = d.files[f]
			}
		}
	}
	for f, is := range d.stable {
		if is == nil {
			delete(d.stable, f)
		}
	}
	return nil
}

func (d simFolder) Close() error { return nil }

type simHandle struct {
	fs   *simFS
	file *simFile
	name string
}

func (h *simHandle) ReadAt(p []byte, off int64) (int, error) {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if off >= int64(len(h.file.data)) {
		return 0, io.EOF
	}
	n := copy(p, h.file.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// change makes a change to the file's bytes.
func (h *simHandle) change(w simWrite) error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if err := h.fs.next(); err != nil {
		return err
	}
	h.fs.clock++
	h.file.modTime = time.Unix(h.fs.clock, 0)
	h.file.data = w.apply(h.file.data)
	h.file.pending = append(h.file.pending, w)
	return nil
}

func (h *simHandle) WriteAt(p []byte, off int64) (int, error) {
	if err := h.change(simWrite{off, slices.Clone(p)}); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (h *simHandle) Truncate(size int64) error { return h.change(simWrite{off: size}) }

func (h *simHandle) Sync() error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if err := h.fs.next(); err != nil {
		return err
	}
	h.file.synced, h.file.pending = slices.Clone(h.file.data), nil
	return nil
}

func (h *simHandle) Stat() (fs.FileInfo, error) {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	return simInfo{h.name, int64(len(h.file.data)), h.file.modTime}, nil
}

func (h *simHandle) Close() error { return nil }

type simInfo struct {
	name    string
	size    int64
	modTime time.Time
}

func (i simInfo) Name() string       { return path.Base(i.name) }
func (i simInfo) Size() int64        { return i.size }
func (i simInfo) Mode() fs.FileMode  { return 0o666 }
func (i simInfo) ModTime() time.Time { return i.modTime }
func (i simInfo) IsDir() bool        { return false }
func (i simInfo) Sys() any           { return nil }
