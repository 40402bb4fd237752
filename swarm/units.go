package swarm

import (
	"encoding/hex"
	"strconv"
)

// BlockLen is the length in bytes of every block that we request, except the last of a
// piece. MaxRequest is the length in bytes of the longest block that we serve.
const (
	BlockLen   = 16 << 10
	MaxRequest = 128 << 10
)

// An ID names a swarm: a v1 info hash, or a v2 info hash cut to 20 bytes
// (https://www.bittorrent.org/beps/bep_0052.html).
type ID [20]byte

// String returns the ID as 40 hexadecimal digits.
func (i ID) String() string { return hex.EncodeToString(i[:]) }

// A PeerID is the name that a client gives itself
// (https://www.bittorrent.org/beps/bep_0020.html).
type PeerID [20]byte

// String returns the name as text that is safe to show: what is not printable ASCII is
// escaped as in a Go string, such as \x00.
func (p PeerID) String() string {
	quoted := strconv.QuoteToASCII(string(p[:]))
	return quoted[1 : len(quoted)-1]
}

// A Block is the unit that peers request and send: a run of bytes in one piece.
type Block struct {
	Piece  int // index of the piece
	Begin  int // offset of the first byte within the piece
	Length int // in bytes, 1 to MaxRequest
}

// A Span is a run of bytes of the torrent. Offset and Length are in bytes.
type Span struct{ Offset, Length int64 }

// End returns the offset of the first byte after the span.
func (s Span) End() int64 { return s.Offset + s.Length }

// A File is a run of the torrent's bytes that has a name.
type File struct {
	// Path is relative and slash-separated; fs.ValidPath holds for it.
	Path string

	// Offset is where the file starts within the torrent, in bytes.
	Offset int64

	// Length is in bytes, and zero for an empty file or a symlink.
	Length int64

	// Pad says that the file is not stored and its bytes are zero
	// (https://www.bittorrent.org/beps/bep_0047.html).
	Pad bool

	// Executable says that the file should have the executable bit.
	Executable bool

	// Symlink is the path that the file links to, in the form of Path and
	// from the same root; empty for a regular file.
	Symlink string
}
