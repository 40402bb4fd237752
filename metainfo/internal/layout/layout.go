// Package layout holds what reading and making a torrent must agree on: limits,
// and where BEP 52 puts pads between files.
package layout

import (
	"strconv"
	"strings"
)

// Limits that have no option, because no honest torrent comes near them.
const (
	MaxPieceLength = 512 << 20 // bytes
	MaxDepth       = 100       // folders in a path
)

// Limits of a torrent by default: its number of pieces, and its length in bytes.
const (
	MaxPieces = 2_097_152
	MaxBytes  = 128 << 20
)

// AlignUp returns the first multiple of n that is not less than off.
func AlignUp(off, n int64) int64 {
	if over := off % n; over != 0 {
		return off + n - over
	}
	return off
}

// PadPath returns the path that BEP 47 recommends for a pad of length bytes.
// https://www.bittorrent.org/beps/bep_0047.html
func PadPath(length int64) []string { return []string{".pad", strconv.FormatInt(length, 10)} }

// IsPadName reports whether a file of v1 is a pad by its name: BitComet's pads have no
// attribute.
func IsPadName(path []string) bool {
	return len(path) > 0 && strings.HasPrefix(path[len(path)-1], "_____padding_file_")
}

// WithPads returns files with a pad behind each one that does not end with a
// piece, if there is content behind it: in v2 every file starts at a piece. It
// makes pads with pad, and puts one of tail bytes behind the last content unless
// tail is 0. Lengths are in bytes.
// BEP 52, "File tree layout": https://www.bittorrent.org/beps/bep_0052.html
func WithPads[F any](files []F, length func(*F) int64, pad func(length int64) F, pieceLength, tail int64) []F {
	last := len(files) - 1
	for last >= 0 && length(&files[last]) == 0 {
		last--
	}
	out := make([]F, 0, len(files))
	var off int64
	for n := range files {
		out = append(out, files[n])
		off += length(&files[n])
		gap := AlignUp(off, pieceLength) - off
		if n == last {
			gap = tail
		}
		if n <= last && gap > 0 {
			out = append(out, pad(gap))
			off += gap
		}
	}
	return out
}
