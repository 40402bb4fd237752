//go:build race

package metainfo_test

// The race detector makes sync.Pool drop some items, so tests of allocations are
// skipped.
const race = true
