package swarm

import "io"

// A Verdict is a piece to check, and the result. A checker gets a batch of them, so that
// it can hash pieces side by side. It sets OK, Bad and Err, and must not keep a Verdict
// or its Blocks.
//
// A checker that supports it may get a long piece in sections, in order. Then Blocks
// begins with block From, and State is the result for the blocks before it. If Blocks
// ends before the piece does, the checker sets only State, which then covers these
// blocks too.
type Verdict struct {
	Piece  int         // index of the piece
	From   int         // number of the first block
	Blocks [][]byte    // the blocks from From on, in order; a nil entry must be read from Stored
	State  any         // of the checker, for the blocks before From; nil if From is 0
	Stored io.ReaderAt // the bytes of the torrent, for the nil entries of Blocks
	OK     bool        // the bytes are right
	Bad    []int       // numbers of wrong blocks, if the format tells (v2); empty if unknown
	Err    error       // the piece cannot be read, or its v1 and v2 hashes disagree: the torrent stops
}
