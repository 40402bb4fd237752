// Package piecehash computes the hashes of torrents: SHA-1 and SHA-256 of many
// pieces side by side, and the merkle trees of BEP 52.
//
// In come batches of pieces, each a list of blocks. The caller owns them, and they
// are only read. Out go hashes, in the order of the batch, into slices of the caller.
// Several pieces in one call are hashed side by side, in lanes: 16 or 8 with AVX-512, 8
// with AVX2, 4, 3 or 2 with SHA instructions. The first call measures which way is the
// fastest, for a few tenths of a millisecond. Batching never changes the results. Nothing is kept after a call: to
// hash a long piece section by section, the caller keeps a [State1].
//
// A [Tree] holds the layers of one file's merkle tree and answers requests for
// hashes with their proofs; [Root], [Subtree] and [Check] work on plain slices.
//
// The package starts no goroutine. Many goroutines may call its functions at once.
//
// Not here: files and torrents. Package metainfo decides which bytes make a piece.
//
// BEP 52: https://www.bittorrent.org/beps/bep_0052.html
package piecehash
