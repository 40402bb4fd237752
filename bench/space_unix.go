//go:build linux || darwin

package main

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// memory is the folder whose files are in memory; empty if the system has none.
const memory = "/dev/shm"

// freeSpace returns the number of bytes that fit in a folder.
func freeSpace(dir string) (int64, bool) {
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil {
		return 0, false
	}
	free := int64(s.Bavail) * int64(s.Bsize)
	if available, ok := available(); ok && dir == memory {
		free = min(free, available)
	}
	return free, true
}

// available returns how much memory Linux could give to programs.
func available() (int64, bool) {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if fields := strings.Fields(s.Text()); len(fields) > 1 && fields[0] == "MemAvailable:" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			return kib << 10, err == nil
		}
	}
	return 0, false
}
