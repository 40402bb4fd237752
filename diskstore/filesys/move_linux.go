package filesys

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

// nativeMove says that moveNative works.
const nativeMove = true

// moveNative moves a file from one root to another, or within one. The folders are opened
// through the roots, so no symlink leads out of them.
func moveNative(from *os.Root, oldName string, to *os.Root, newName string) error {
	source, err := from.Open(filepath.Dir(oldName))
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := to.Open(filepath.Dir(newName))
	if err != nil {
		return err
	}
	defer target.Close()
	err = retryInterrupted(func() error {
		return unix.Renameat2(int(source.Fd()), filepath.Base(oldName), int(target.Fd()), filepath.Base(newName), unix.RENAME_NOREPLACE)
	})
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) { // NFS, FUSE
		err = linkNative(source, filepath.Base(oldName), target, filepath.Base(newName))
	}
	runtime.KeepAlive(source)
	runtime.KeepAlive(target)
	return err
}

// linkNative moves a file by a second name, which is stable before the first one goes.
func linkNative(source *os.File, oldName string, target *os.File, newName string) error {
	err := retryInterrupted(func() error {
		return unix.Linkat(int(source.Fd()), oldName, int(target.Fd()), newName, 0)
	})
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) {
		return ErrCannotMove
	}
	if err != nil {
		return err
	}
	return cmp.Or(syncFolder(target), retryInterrupted(func() error {
		return unix.Unlinkat(int(source.Fd()), oldName, 0)
	}))
}

func retryInterrupted(call func() error) error {
	for {
		err := call()
		if err != unix.EINTR {
			return err
		}
	}
}
