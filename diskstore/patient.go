package diskstore

import (
	"errors"
	"io/fs"
	"syscall"
)

// maxTries bounds how often a call is tried that fails for want of descriptors.
const maxTries = 100

// relieve makes room after the system said that it has no descriptor left. It
// closes an idle handle or, if there is none, waits for one in use to be
// released. It reports whether anything may be better now; held is the number of
// handles that the caller itself uses. If every use is by a caller of relieve,
// they would wait for each other, so the last one does not.
func (h *Handles) relieve(held int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.evict() {
		return true
	}
	if h.uses <= h.stalled+held {
		return false
	}
	h.stalled += held
	h.wait()
	h.stalled -= held
	return true
}

// patient calls open until it does not fail for want of descriptors.
func patient[T any](h *Handles, held int, open func() (T, error)) (T, error) {
	for tries := 1; ; tries++ {
		v, err := open()
		if err == nil || !exhausted(err) || tries == maxTries || !h.relieve(held) {
			return v, err
		}
	}
}

// exhausted reports whether the process or the system has no descriptor left.
func exhausted(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// A patientFolder is a Folder whose calls are tried again after room was made
// for them. Even a call that opens nothing for long may need a descriptor for
// each folder on its path.
type patientFolder struct {
	Folder
	handles *Handles
}

func (d patientFolder) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	return patient(d.handles, 1, func() (File, error) { return d.Folder.OpenFile(name, flag, perm) })
}

func (d patientFolder) Mkdir(name string, perm fs.FileMode) error {
	return d.try(func() error { return d.Folder.Mkdir(name, perm) })
}

func (d patientFolder) Lstat(name string) (fs.FileInfo, error) {
	return patient(d.handles, 1, func() (fs.FileInfo, error) { return d.Folder.Lstat(name) })
}

func (d patientFolder) Readlink(name string) (string, error) {
	return patient(d.handles, 1, func() (string, error) { return d.Folder.Readlink(name) })
}

func (d patientFolder) Symlink(target, name string) error {
	return d.try(func() error { return d.Folder.Symlink(target, name) })
}

func (d patientFolder) Remove(name string) error {
	return d.try(func() error { return d.Folder.Remove(name) })
}

func (d patientFolder) SyncFolder(name string) error {
	return d.try(func() error { return d.Folder.SyncFolder(name) })
}

func (d patientFolder) try(call func() error) error {
	_, err := patient(d.handles, 1, func() (struct{}, error) { return struct{}{}, call() })
	return err
}
