//go:build race

package metainfo_test

// Under the race detector a sync.Pool drops some of what it is given, so
// counts of allocations mean nothing there.
const race = true
