package swarm

import "io"

// A Verdict is a piece to be checked, and what came of it. A checker is handed a
// batch of them, so that pieces can be hashed side by side; it fills in OK, Bad
// and Err, and keeps nothing.
//
// A piece may be checked in parts, in order, by checkers that say they can: State
// then stands for the blocks before From, with which Blocks begin; and if Blocks end
// before the piece does, all that comes of it is State, which now stands for them too.
type Verdict struct {
	Piece  int         // index of the piece
	From   int         // number of the first block
	Blocks [][]byte    // from there on in order; a nil entry is read from Stored
	State  any         // of the blocks before From: the checker's own; nil if From is 0
	Stored io.ReaderAt // of the torrent, where an entry of Blocks is nil
	OK     bool        // the bytes are the right ones
	Bad    []int       // blocks found wrong, where the format tells (v2); empty for unknown
	Err    error       // it could not be read, or v1 and v2 disagree: the torrent stops
}
