//go:build !linux && !darwin

package main

// memory is the folder whose files are in memory; empty if the system has none.
const memory = ""

// freeSpace returns the number of bytes that fit in a folder, where that is known.
func freeSpace(string) (int64, bool) { return 0, false }
