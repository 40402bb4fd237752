//go:build amd64 || arm64

package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// The file systems that are memory, by the numbers that Linux gives them.
const (
	tmpfs = 0x01021994
	ramfs = 0x858458f6
)

// onDisk returns an error if a folder is in memory.
func onDisk(dir string) error {
	var s syscall.Statfs_t
	err := syscall.Statfs(dir, &s)
	if err == nil && (s.Type == tmpfs || s.Type == ramfs) {
		err = errors.New("the content is stored in memory: name a folder on a disk with -tmp to measure the disk")
	}
	return err
}

// evict drops a file, whose content is on the disk, from the page cache.
func evict(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	const dontNeed = 4 // POSIX_FADV_DONTNEED
	_, _, number := syscall.Syscall6(syscall.SYS_FADVISE64, f.Fd(), 0, 0, dontNeed, 0, 0)
	if number != 0 {
		return fmt.Errorf("%s: dropping it from the page cache: %w", name, number)
	}
	return nil
}
