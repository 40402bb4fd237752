package metainfo

import (
	"path"

	"github.com/shoal-bt/shoal/swarm"
)

// A File is one file of a torrent, as its info dictionary describes it.
type File struct {
	// Path is relative and slash-separated. It is valid by fs.ValidPath and starts
	// with the torrent's name. Its names are those of the torrent, except for what
	// this system cannot store and for the characters U+202D and U+202E, which make
	// a name look like another. It may hold any other character, so escape it to
	// show it. No two files of a torrent have the same, on Windows and macOS also
	// if case is ignored; only pads may.
	Path string

	// Original holds the components of the path as the torrent has them, without
	// the torrent's name if that is a folder. They may be any bytes, so do not use
	// them as a path. Requests to web seeds need them (BEP 19).
	Original []string

	Offset int64 // where the file starts in the torrent, in bytes
	Length int64 // in bytes; 0 for symlinks

	// Attributes of BEP 47. A pad is not stored; its bytes are zero.
	// https://www.bittorrent.org/beps/bep_0047.html
	Pad, Executable, Hidden bool

	// Symlink is the path that the file links to, in the form of Path and
	// from the same root; empty for a regular file.
	Symlink string

	// MD5 and SHA1 are hashes of the whole file, empty if the torrent does not
	// have them: 32 hexadecimal digits, and 20 bytes. Nothing checks them.
	MD5, SHA1 string

	// PiecesRoot is the root of the file's merkle tree (BEP 52). It is zero in v1
	// torrents and for empty files.
	PiecesRoot [32]byte

	pieceLength int64
}

// Name returns the last component of the path.
func (f File) Name() string { return path.Base(f.Path) }

// End returns the offset of the first byte behind the file.
func (f File) End() int64 { return f.Offset + f.Length }

// Pieces returns the range of pieces that have bytes of the file: from first up to but
// not including end. An empty file has none.
func (f File) Pieces() (first, end int) {
	first = int(f.Offset / f.pieceLength)
	if f.Length == 0 {
		return first, first
	}
	return first, int((f.End()-1)/f.pieceLength) + 1
}

// swarm returns the file in the form that storages take.
func (f File) swarm() swarm.File {
	return swarm.File{
		Path:       f.Path,
		Offset:     f.Offset,
		Length:     f.Length,
		Pad:        f.Pad,
		Executable: f.Executable,
		Symlink:    f.Symlink,
	}
}
