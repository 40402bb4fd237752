package diskstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// ErrForeign says that a file was to be written to that exists and was not made
// by us. Options.Owned says which files are ours, Options.Overwrite allows it.
var ErrForeign = errors.New("the file is not ours to change")

var (
	errNotRegular = errors.New("not a regular file")
	errOutside    = errors.New("diskstore: offset outside the torrent")
)

// An Error says which file could not be read, written, made or deleted, and why.
// errors.Is finds the cause: fs.ErrNotExist, fs.ErrPermission, syscall.ENOSPC.
type Error struct {
	Op     string // what was tried: "read", "write", "create", "sync"
	Path   string // of the file, as in swarm.File; "." for the folder
	Offset int64  // within the file, in bytes; -1 where there is none
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

// A SizeError says that a file exists with another size than the torrent's, and
// is not ours to change, or was changed while the store was open.
type SizeError struct {
	Path string // of the file, as in swarm.File
	Want int64  // the size that the torrent says, in bytes
	Have int64  // the size on disk, in bytes
}

// Error returns the path and both sizes in one line.
func (e *SizeError) Error() string {
	return fmt.Sprintf("diskstore: %s: the file on disk has %d bytes, the torrent's has %d", e.Path, e.Have, e.Want)
}

// wrapError wraps err as an *Error, unless it is one of ours already. The system's
// own wrapping is taken off, since it says operation and path again.
func wrapError(op, path string, offset int64, err error) error {
	switch e := err.(type) {
	case *Error, *SizeError:
		return err
	case *fs.PathError:
		err = e.Err
	case *os.LinkError:
		err = e.Err
	case *os.SyscallError:
		err = e.Err
	}
	return &Error{Op: op, Path: path, Offset: offset, Err: err}
}
