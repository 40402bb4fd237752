//go:build !linux || !(amd64 || arm64)

package main

import "errors"

var errNoEvict = errors.New("measuring a disk needs Linux on amd64 or arm64, which can drop a file from its page cache")

// onDisk returns an error, because evict would.
func onDisk(string) error { return errNoEvict }

// evict drops a file from the page cache.
func evict(string) error { return errNoEvict }
