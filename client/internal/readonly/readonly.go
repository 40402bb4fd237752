// Package readonly lets a file store read an fs.FS.
//
// In comes an fs.FS and a folder in it; out goes a diskstore.FS of which everything that
// would change it fails. Not here: what is in the files.
package readonly

import (
	"io"
	"io/fs"
	"os"
	"path"
	"sync"

	"github.com/shoal-bt/shoal/diskstore"
)

// New returns the folder base of an fs.FS as a diskstore.FS. It may be used by many
// goroutines at once if fsys may be.
func New(fsys fs.FS, base string) diskstore.FS { return readOnly{fsys, base} }

// A readOnly is a diskstore.FS over an fs.FS. Everything that would change it fails.
type readOnly struct {
	fs.FS
	base string // what names are relative to
}

var (
	_ diskstore.FS     = readOnly{}
	_ diskstore.Folder = readOnly{}
)

func (r readOnly) name(s string) string { return path.Join(r.base, s) }

// OpenFolder returns r for every folder, because there is only one.
func (r readOnly) OpenFolder(string, bool) (diskstore.Folder, error) { return r, nil }

func (r readOnly) OpenFile(name string, flag int, _ fs.FileMode) (diskstore.File, error) {
	if flag&(os.O_WRONLY|os.O_RDWR|os.O_CREATE|os.O_TRUNC) != 0 {
		return nil, fs.ErrPermission
	}
	f, err := r.Open(r.name(name))
	if err != nil {
		return nil, err
	}
	if at, ok := f.(io.ReaderAt); ok {
		return readOnlyFile{File: f, ReaderAt: at}, nil
	}
	return readOnlyFile{File: f, ReaderAt: &forwardFile{fsys: r, name: r.name(name), file: f}}, nil
}

// Lstat describes the file at name. It follows links if the fs.FS does.
func (r readOnly) Lstat(name string) (fs.FileInfo, error) { return fs.Stat(r.FS, r.name(name)) }

func (readOnly) Mkdir(string, fs.FileMode) error { return fs.ErrPermission }
func (readOnly) Readlink(string) (string, error) { return "", fs.ErrInvalid }
func (readOnly) Symlink(string, string) error    { return fs.ErrPermission }
func (readOnly) Remove(string) error             { return fs.ErrPermission }
func (readOnly) SyncFolder(string) error         { return nil }
func (readOnly) Close() error                    { return nil }

// A readOnlyFile is an open file of an fs.FS.
type readOnlyFile struct {
	fs.File
	io.ReaderAt
}

func (readOnlyFile) WriteAt([]byte, int64) (int, error) { return 0, fs.ErrPermission }
func (readOnlyFile) Truncate(int64) error               { return fs.ErrPermission }
func (readOnlyFile) Sync() error                        { return nil }

func (f readOnlyFile) Close() error {
	if w, ok := f.ReaderAt.(*forwardFile); ok {
		return w.close()
	}
	return f.File.Close()
}

// A forwardFile reads at offsets from a file that can only be read forward, such as one
// in a zip archive. To go back it opens the file again.
type forwardFile struct {
	fsys fs.FS
	name string

	mu   sync.Mutex // guards what follows; held during reads
	file fs.File
	pos  int64
}

func (f *forwardFile) ReadAt(p []byte, off int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if off < f.pos {
		again, err := f.fsys.Open(f.name)
		if err != nil {
			return 0, err
		}
		f.file.Close()
		f.file, f.pos = again, 0
	}
	skipped, err := io.CopyN(io.Discard, f.file, off-f.pos)
	f.pos += skipped
	if err != nil {
		return 0, err
	}
	n, err := io.ReadFull(f.file, p)
	f.pos += int64(n)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return n, err
}

func (f *forwardFile) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.file.Close()
}
