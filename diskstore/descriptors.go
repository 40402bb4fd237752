package diskstore

import (
	"errors"
	"io/fs"
	"syscall"

	"github.com/shoal-bt/shoal/diskstore/internal/places"
)

// maxTries bounds how often a call is tried while no descriptor is free.
const maxTries = 100

// waitForDescriptor is called after the system reported that no descriptor is free.
// It closes an idle handle or, if there is none, waits until a handle is released.
// It reports whether another try may succeed; held is the number of handles that the
// caller itself uses. If all uses belonged to callers of waitForDescriptor, they
// would wait for each other, so the last one does not wait.
func (h *Handles) waitForDescriptor(held int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.evict() {
		return true
	}
	if h.uses <= h.waitingUses+held {
		return false
	}
	h.waitingUses += held
	h.wait()
	h.waitingUses -= held
	return true
}

// retryDescriptors calls open until it succeeds, fails for another reason than a lack
// of descriptors, or was tried maxTries times.
func retryDescriptors[T any](h *Handles, held int, open func() (T, error)) (T, error) {
	for tries := 1; ; tries++ {
		v, err := open()
		if err == nil || !outOfDescriptors(err) || tries == maxTries || !h.waitForDescriptor(held) {
			return v, err
		}
	}
}

// outOfDescriptors reports whether the process or the system has no descriptor left.
func outOfDescriptors(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// A retryFolder is a Folder whose calls are retried while no descriptor is free. Even
// a call that leaves nothing open may need a descriptor for each folder on its path.
type retryFolder struct {
	Folder
	handles *Handles
}

func (d retryFolder) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	return retryDescriptors(d.handles, 1, func() (File, error) { return d.Folder.OpenFile(name, flag, perm) })
}

func (d retryFolder) Mkdir(name string, perm fs.FileMode) error {
	return d.retry(func() error { return d.Folder.Mkdir(name, perm) })
}

func (d retryFolder) Lstat(name string) (fs.FileInfo, error) {
	return retryDescriptors(d.handles, 1, func() (fs.FileInfo, error) { return d.Folder.Lstat(name) })
}

func (d retryFolder) Readlink(name string) (string, error) {
	return retryDescriptors(d.handles, 1, func() (string, error) { return d.Folder.Readlink(name) })
}

func (d retryFolder) Symlink(target, name string) error {
	return d.retry(func() error { return d.Folder.Symlink(target, name) })
}

func (d retryFolder) Remove(name string) error {
	return d.retry(func() error { return d.Folder.Remove(name) })
}

func (d retryFolder) SyncFolder(name string) error {
	return d.retry(func() error { return d.Folder.SyncFolder(name) })
}

// move is Move of places.Folder, which d wraps if a file is at another place.
func (d retryFolder) move(p string) error {
	return d.retry(func() error { return d.Folder.(*places.Folder).Move(p) })
}

// canMove is CanMove of places.Folder, which d wraps if a file is at another place.
func (d retryFolder) canMove(p string) error {
	return d.retry(func() error { return d.Folder.(*places.Folder).CanMove(p) })
}

func (d retryFolder) retry(call func() error) error {
	_, err := retryDescriptors(d.handles, 1, func() (struct{}, error) { return struct{}{}, call() })
	return err
}
