package swarm

import "io"

// A Verdict is a piece to be checked, and what came of it. A checker is handed a
// batch of them, so that pieces can be hashed side by side; it fills in OK, Bad
// and Err, and keeps nothing.
type Verdict struct {
	Piece  int         // index of the piece
	Blocks [][]byte    // in order; a nil entry is read from Stored
	Stored io.ReaderAt // of the torrent, where an entry of Blocks is nil
	OK     bool        // the bytes are the right ones
	Bad    []int       // blocks found wrong, where the format tells (v2); empty for unknown
	Err    error       // it could not be read, or v1 and v2 disagree: the torrent stops
}
