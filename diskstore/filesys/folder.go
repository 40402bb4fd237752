package filesys

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// An FS opens the folders in which stores keep their files. Its methods, and those
// of the Folders and Files that it returns, must allow concurrent calls. Errors must
// match fs.ErrNotExist or fs.ErrExist if that is the cause.
//
// The default is [OS].
type FS interface {
	// OpenFolder opens the folder dir, which is a path of the operating
	// system. If dir is missing and create is set, it makes dir and the
	// folders above it.
	OpenFolder(dir string, create bool) (Folder, error)
}

// A Folder is an open folder. Names are relative to it and valid by fs.ValidPath. A
// Folder must refuse names that lead out of it.
type Folder interface {
	// OpenFile opens or makes a file; flag and perm are those of os.OpenFile.
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)

	// Mkdir makes a folder. Its parent exists.
	Mkdir(name string, perm fs.FileMode) error

	// Lstat describes the entry name. It does not follow a symlink.
	Lstat(name string) (fs.FileInfo, error)

	// Readlink returns the target of the symlink name.
	Readlink(name string) (string, error)

	// Symlink makes the symlink name. Its target is relative to the folder
	// that contains name.
	Symlink(target, name string) error

	// Remove deletes a file, a symlink or an empty folder.
	Remove(name string) error

	// SyncFolder returns once the entries of a folder survive a power cut.
	SyncFolder(name string) error

	io.Closer
}

// A Mover is a Folder that can move a file and never replaces another one. Without it
// a store cannot give incomplete files other names.
type Mover interface {
	// Move moves the file oldName to newName in the folder to, which is of the
	// same FS and may be the same folder. If newName exists, nothing changes
	// and the error matches fs.ErrExist. If Move is interrupted, the file
	// may have both names.
	Move(oldName string, to Folder, newName string) error

	// CanMove returns why Move to a folder would fail for every file: an error
	// that matches syscall.EXDEV if it is on another file system, or
	// errors.ErrUnsupported. Nil means that no reason is known.
	CanMove(to Folder) error
}

// A File is an open file. It may also implement swarm.VectorReader,
// swarm.VectorWriter and Allocator.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer

	// Stat describes the open file.
	Stat() (fs.FileInfo, error)

	// Truncate sets the size in bytes. Added bytes read as zeros.
	Truncate(size int64) error

	// Sync returns once everything written before survives a power cut.
	Sync() error
}

// An Allocator is a File that can reserve space on the disk.
type Allocator interface {
	// Allocate reserves disk space for the first size bytes of the file and
	// makes the file that long. The error must match errors.ErrUnsupported
	// if the file system cannot do that.
	Allocate(size int64) error
}

// ErrCannotMove says that a file cannot be moved without the risk of replacing another. It
// matches errors.ErrUnsupported.
var ErrCannotMove = fmt.Errorf("a file cannot be renamed here without the risk of replacing another; use neither a suffix nor a folder of incomplete files: %w", errors.ErrUnsupported)
