package builder

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sort"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/internal/layout"
	"github.com/shoal-bt/shoal/piecehash"
	"github.com/shoal-bt/shoal/swarm"
)

// A plan is a torrent before its content is hashed: what its pieces are made of,
// and their hashes as they become known.
type plan struct {
	options     Options
	name        string
	single      bool // one file and no folder
	pieceLength int64
	v1, v2      bool
	total       int64 // bytes of content, without pads
	files       []file
	layout      *metainfo.Info // of the same torrent with blank hashes; its Entries are those of files
	hashes1     []byte         // v1 hashes, 20 bytes for each piece
	hashes2     [][32]byte     // v2 hashes of pieces
}

// A file is one file of the torrent, or a pad.
type file struct {
	path   []string // below the torrent's folder, or just the name
	length int64    // in bytes
	root   [32]byte // of its merkle tree
	input  *input   // nil for a pad
}

func (f *file) pad() bool { return f.input == nil }

// blankRoot stands for the root of file n while it is not known. Zero would be none, and
// files of one root must have one length.
func blankRoot(n int) (root [32]byte) {
	binary.BigEndian.PutUint64(root[:], uint64(n)+1)
	return root
}

// layOut makes room for the hashes, and has package metainfo read the info
// dictionary while they are blank. So the pieces are those that a reader will see,
// and what no reader accepts is refused before hours of hashing.
func (p *plan) layOut() error {
	var length int64
	for n := range p.files {
		f := &p.files[n]
		if f.length > 0 && !f.pad() {
			f.root = blankRoot(n)
		}
		length += f.length
	}
	pieces := length / p.pieceLength
	if length%p.pieceLength != 0 {
		pieces++
	}
	if pieces > layout.MaxPieces {
		return fmt.Errorf("too many pieces: %d of %d bytes, more than %d; choose longer pieces", pieces, p.pieceLength, layout.MaxPieces)
	}
	if p.v1 {
		p.hashes1 = make([]byte, 20*pieces)
	}
	if p.v2 {
		p.hashes2 = make([][32]byte, pieces)
	}
	var err error
	if p.layout, err = p.info(); err != nil {
		return err
	}
	// What surrounds the hashes is short.
	size := int64(len(p.layout.Raw) + 32*len(p.hashes2))
	if size > layout.MaxBytes {
		return fmt.Errorf("the .torrent file would have %d bytes, more than %d; choose longer pieces", size, layout.MaxBytes)
	}
	return nil
}

// info returns the Info with the hashes that are known.
func (p *plan) info() (*metainfo.Info, error) {
	info, err := metainfo.Options{MaxBytes: -1}.ParseInfo(p.infoBytes())
	if err != nil {
		return nil, errors.Unwrap(errors.Unwrap(err)) // without "metainfo: info: "
	}
	return info, nil
}

// entryAt returns the index of the file that has the byte at off.
func (p *plan) entryAt(off int64) int {
	entries := p.layout.Entries
	return sort.Search(len(entries), func(n int) bool { return entries[n].End() > off })
}

// layer returns the v2 hashes of the pieces of a file.
func (p *plan) layer(entry int) [][32]byte {
	first, end := p.layout.Entries[entry].Pieces()
	return p.hashes2[first:end]
}

// setRoots computes the pieces roots from the hashes of the pieces.
func (p *plan) setRoots() {
	for n := range p.files {
		f := &p.files[n]
		switch layer := p.layer(n); {
		case f.pad() || f.length == 0:
		case f.length <= p.pieceLength:
			f.root = layer[0]
		default:
			f.root = piecehash.Root(layer, piecehash.PieceLayer(p.pieceLength))
		}
	}
}

// setLayers gives the piece layers to the Info that was parsed.
func (p *plan) setLayers(info *metainfo.Info) error {
	if !p.v2 {
		return nil
	}
	for n := range p.files {
		f := &p.files[n]
		if f.pad() || f.length <= p.pieceLength {
			continue
		}
		if err := info.SetPieceLayer(f.root, p.layer(n)); err != nil {
			return err
		}
	}
	return nil
}

// onDisk returns the files as they were found.
func (p *plan) onDisk() []swarm.File {
	files := p.layout.Files()
	for n := range files {
		if in := p.files[n].input; in != nil {
			files[n].Path, files[n].Symlink = in.onDisk, in.targetOnDisk
		}
	}
	return files
}
