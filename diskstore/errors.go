package diskstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/shoal-bt/shoal/diskstore/internal/places"
)

// ErrForeign is the cause of an *Error if a file exists that we did not make and
// may not change. Options.Owned says which files are ours; Options.Overwrite allows
// writing to the others.
var ErrForeign = errors.New("the file was not made for this torrent and is left unchanged; move it away or allow overwriting")

// A CrossDeviceError says that Options.IncompleteDir is on another file system than the
// torrent's folder, so that no file can be moved from one to the other without a copy. It
// matches syscall.EXDEV.
type CrossDeviceError struct {
	Dir, IncompleteDir string // absolute
}

// Error returns both folders and what to do.
func (e *CrossDeviceError) Error() string {
	return fmt.Sprintf("diskstore: the folder of incomplete files %s is not on the file system of %s; choose one that is", e.IncompleteDir, e.Dir)
}

// Unwrap returns syscall.EXDEV.
func (e *CrossDeviceError) Unwrap() error { return syscall.EXDEV }

// ErrUnwanted is the cause of an *Error for a write to a file that is not wanted and does
// not exist, if there is no part file for its bytes: see Options.PartFile.
var ErrUnwanted = errors.New("the file is not wanted and its bytes have no part file; name one or want the file")

// ErrForeignPart is the cause of an *Error for Options.Warn if something has the name of the part
// file and is not in Options.Owned. It is left alone.
var ErrForeignPart = errors.New("it may be of an earlier run that nobody remembers, and is left alone; allow overwriting to use it, or delete it")

var (
	errPartCut    = errors.New("another program cut the part file; check the stored pieces again")
	errNotRegular = errors.New("not a regular file")
	errOutside    = errors.New("diskstore: offset outside the torrent")
)

// An Error says which operation failed on which file, and why. errors.Is finds the
// cause, such as fs.ErrNotExist, fs.ErrPermission, fs.ErrClosed, syscall.ENOSPC or
// ErrForeign.
type Error struct {
	Op     string // such as "open", "read", "write", "create", "sync", "stat" or "remove"
	Path   string // of the file, as in swarm.File; "." for the folder
	Offset int64  // within the file, in bytes; -1 if the operation has none
	Err    error  // the cause
}

// Error returns the operation, path, offset and cause in one line.
func (e *Error) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("diskstore: %s %s: %v", e.Op, e.Path, e.Err)
	}
	return fmt.Sprintf("diskstore: %s %s at %d: %v", e.Op, e.Path, e.Offset, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// A SizeError says that a file on disk has another size than in the torrent. Either
// it is not ours to resize, or it was resized while the store was open.
type SizeError struct {
	Path string // of the file, as in swarm.File
	Want int64  // the size in the torrent, in bytes
	Have int64  // the size on disk, in bytes
}

// Error returns the path and both sizes in one line.
func (e *SizeError) Error() string {
	return fmt.Sprintf("diskstore: %s has %d bytes on disk and %d bytes in the torrent", e.Path, e.Have, e.Want)
}

// wrapError wraps err as an *Error, unless it is an *Error or *SizeError already. It
// unwraps the system's errors first, because they repeat operation and path.
func wrapError(op, path string, offset int64, err error) error {
	switch e := err.(type) {
	case *Error, *SizeError, *CrossDeviceError:
		return err
	case *fs.PathError:
		err = e.Err
	case *os.LinkError:
		err = e.Err
	case *os.SyscallError:
		err = e.Err
	}
	return &Error{Op: op, Path: places.Shown(path), Offset: offset, Err: err}
}
