//go:build unix

package diskstore

import "syscall"

func mkfifo(path string) error { return syscall.Mkfifo(path, 0o666) }
