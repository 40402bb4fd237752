// Package batchhash hashes batches of pieces, for package metainfo, which compares the
// hashes, and for package builder, which makes torrents of them.
//
// In come verdicts with blocks in memory or a storage to read them from; the caller
// owns both, and they are only read. Out go v1 hashes and v2 leaves. Pieces of a batch
// are hashed side by side, and the next runs are read while the last ones are hashed.
//
// Not here: what the hashes should be.
package batchhash
