package diskstore

import (
	"io"
	"io/fs"
)

// An FS opens the folders in which stores keep their files. Its methods, and
// those of what it returns, may be called from many goroutines at once. Errors
// match fs.ErrNotExist and fs.ErrExist where that is the cause.
//
// [OS] is the one that is used by default.
type FS interface {
	// OpenFolder opens the folder dir, a path of the operating system's. If
	// it is missing, create says whether to make it and the folders above.
	OpenFolder(dir string, create bool) (Folder, error)
}

// A Folder is an open folder. Names are slash-separated and relative to it, and
// fs.ValidPath holds for them; no name may lead out of it.
type Folder interface {
	// OpenFile opens or makes a file; flag and perm are those of os.OpenFile.
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)

	// Mkdir makes a folder, whose parent exists.
	Mkdir(name string, perm fs.FileMode) error

	// Lstat describes what is at name; a symlink is not followed.
	Lstat(name string) (fs.FileInfo, error)

	// Readlink returns what the symlink at name leads to.
	Readlink(name string) (string, error)

	// Symlink makes a symlink at name that leads to target, a path
	// relative to the folder that name is in.
	Symlink(target, name string) error

	// Remove deletes a file, a symlink or an empty folder.
	Remove(name string) error

	// SyncFolder makes the entries of a folder outlast a power cut.
	SyncFolder(name string) error

	io.Closer
}

// A File is an open file. It may be a swarm.VectorReader, a swarm.VectorWriter
// and an Allocator besides.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer

	// Stat describes the open file.
	Stat() (fs.FileInfo, error)

	// Truncate sets the size in bytes. What is added reads as zeros.
	Truncate(size int64) error

	// Sync makes what was written outlast a power cut.
	Sync() error
}

// An Allocator is a File that can set blocks of the disk aside.
type Allocator interface {
	// Allocate makes sure that size bytes from the start of the file have
	// their place on the disk, and makes the file that long. The error
	// matches errors.ErrUnsupported if the file system cannot do that.
	Allocate(size int64) error
}
