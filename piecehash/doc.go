// Package piecehash computes the hashes of torrents: SHA-1 and SHA-256 of many
// pieces side by side, and the merkle trees of BEP 52.
//
// In come batches of pieces, each a list of blocks that the caller owns and that
// are only read; out go hashes, in the order of the batch, into slices of the
// caller. Handing over several pieces in one call, rather than one by one, fills
// the vector lanes of a processor: 16 with AVX-512, 8 with AVX2. The first call
// measures what is fastest, for some tenths of a millisecond. Results do not
// depend on how pieces are batched. Nothing is kept after a call; a [State1] stands
// for the part of a piece that is here, so that long pieces are hashed as they come.
//
// A [Tree] holds the layers of one file's merkle tree and answers requests for
// hashes with their proofs; [Root], [Subtree] and [Check] work on plain slices.
//
// The package starts no goroutine. Its functions may be called from many
// goroutines at once. It knows neither files nor torrents: package metainfo
// decides which bytes make a piece.
//
// BEP 52: https://www.bittorrent.org/beps/bep_0052.html
package piecehash
