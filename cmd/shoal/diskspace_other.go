//go:build !linux

package main

// freeSpace reports that free space is not known here.
func freeSpace(string) (bytes int64, ok bool) { return 0, false }
