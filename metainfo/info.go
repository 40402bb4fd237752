package metainfo

import (
	"iter"
	"sort"

	"github.com/shoal-bt/shoal/metainfo/internal/batchhash"
	"github.com/shoal-bt/shoal/piecehash"
	"github.com/shoal-bt/shoal/swarm"
)

// An Info is the info dictionary of a torrent. All peers of a swarm have the same. The
// fields must not be changed. All methods may be called from many goroutines at once.
// Parse and ParseInfo make one, and so does package builder.
type Info struct {
	// Raw is the info dictionary as it came. The info hashes are its hashes.
	Raw []byte

	// Name is the name of the file or folder, in the form of a component of
	// File.Path. If nothing is left of it, it is the info hash in hexadecimal.
	Name string

	// Single reports whether the torrent is one file without a folder.
	Single bool

	// Length is the length of all files and pads, and PieceLength that of
	// every piece but the last, in bytes.
	Length, PieceLength int64

	// Entries holds all files in order, pads and symlinks included.
	Entries []File

	// HashV1 is the v1 info hash and HashV2 the v2 info hash. One is zero if the
	// torrent is for the other version only.
	HashV1 [20]byte
	HashV2 [32]byte

	// Private says that clients must get peers only from the trackers (BEP 27).
	// https://www.bittorrent.org/beps/bep_0027.html
	Private bool

	// Source is a mark that private trackers add, so that the info hash differs.
	Source string

	// Similar holds v1 or truncated v2 info hashes of torrents that may have files
	// in common with this one. Collections are names of sets of such torrents
	// (BEP 38).
	// https://www.bittorrent.org/beps/bep_0038.html
	Similar     []swarm.ID
	Collections []string

	// Warnings name what was left out of the info dictionary because it is malformed.
	Warnings []Warning

	v1, v2       bool         // the versions that the torrent is for
	originalName string       // as the torrent has it
	pieces       []byte       // v1 hashes, 20 bytes for each piece; part of Raw
	pads         []swarm.Span // sorted, not touching
	hashes       *hashStore
}

// HasV1 reports whether the torrent has a v1 part: it is v1 or hybrid.
func (i *Info) HasV1() bool { return i.v1 }

// HasV2 reports whether the torrent has a v2 part: it is v2 or hybrid.
func (i *Info) HasV2() bool { return i.v2 }

// IDs returns the IDs of the torrent's swarms: the v1 info hash, the v2 info hash
// truncated to 20 bytes, or both in that order for a hybrid.
func (i *Info) IDs() []swarm.ID {
	var ids []swarm.ID
	if i.HasV1() {
		ids = append(ids, i.HashV1)
	}
	if i.HasV2() {
		ids = append(ids, swarm.ID(i.HashV2[:20]))
	}
	return ids
}

// Pieces returns the number of pieces.
func (i *Info) Pieces() int { return int((i.Length + i.PieceLength - 1) / i.PieceLength) }

// PieceHash returns the v1 hash of a piece, which must exist. It reports false
// if the torrent has no v1 part.
func (i *Info) PieceHash(piece int) (hash [20]byte, ok bool) {
	if i.pieces == nil {
		return hash, false
	}
	return [20]byte(i.pieces[20*piece:]), true
}

// Geometry returns how the torrent is cut into pieces. Its Pads belong to the
// Info; do not change them.
//
// In a v2-only torrent the gap behind a file counts only if another file follows:
// the Length ends with the last byte of content.
func (i *Info) Geometry() swarm.Geometry {
	return swarm.Geometry{Length: i.Length, PieceLength: i.PieceLength, Pads: i.pads, Short: !i.HasV1()}
}

// ContentLength returns the length of all files without pads, in bytes.
func (i *Info) ContentLength() int64 {
	n := i.Length
	for _, p := range i.pads {
		n -= p.Length
	}
	return n
}

// Files returns all files in the form that storages take, pads and symlinks included.
// The slice belongs to the caller.
func (i *Info) Files() []swarm.File {
	files := make([]swarm.File, len(i.Entries))
	for n, f := range i.Entries {
		files[n] = f.swarm()
	}
	return files
}

// FilesOf yields the files that a piece has bytes of, in order: the index in Entries,
// and which bytes of that file they are. It includes pads. A piece that does not exist
// has none.
func (i *Info) FilesOf(piece int) iter.Seq2[int, swarm.Span] {
	return func(yield func(int, swarm.Span) bool) {
		if piece < 0 || piece >= i.Pieces() {
			return
		}
		start := int64(piece) * i.PieceLength
		end := min(start+i.PieceLength, i.Length)
		for n := i.entryAt(start); n < len(i.Entries); n++ {
			f := &i.Entries[n]
			if f.Offset >= end {
				return
			}
			if f.Length == 0 {
				continue
			}
			from, to := max(start, f.Offset), min(end, f.End())
			if !yield(n, swarm.Span{Offset: from - f.Offset, Length: to - from}) {
				return
			}
		}
	}
}

// entryAt returns the index of the entry that has the byte at off.
func (i *Info) entryAt(off int64) int {
	return sort.Search(len(i.Entries), func(n int) bool { return i.Entries[n].End() > off })
}

// leafCount returns the number of merkle leaves in a piece of a v2 torrent.
func (i *Info) leafCount(piece int) int {
	return int(piecehash.LeavesOf(int64(batchhash.Covered(i.Geometry(), piece))))
}
