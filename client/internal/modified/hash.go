package modified

import (
	"errors"
	"maps"

	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/swarm"
)

// Err says that another program changed a file.
var Err = errors.New("another program changed the file")

// Content is what of a torrent can be hashed.
type Content struct {
	Files    []swarm.File
	Geometry swarm.Geometry
	Held     swarm.Bitfield // pieces; Hash changes it
	Verify   func([]swarm.Verdict)
	Storage  swarm.Storage
}

// Hash hashes the pieces that are held of some files. A wrong one is an error that matches Err
// and names the file.
func Hash(paths map[string]int, c Content) error {
	left := maps.Clone(paths)
	for _, f := range c.Files {
		if paths[f.Path] == 0 || f.Length == 0 {
			continue
		}
		delete(left, f.Path)
		last := int((f.Offset + f.Length - 1) / c.Geometry.PieceLength)
		for piece := int(f.Offset / c.Geometry.PieceLength); piece <= last; piece++ {
			if !c.Held.Has(piece) {
				continue
			}
			c.Held.Clear(piece) // hashed once, even if two files share it
			batch := []swarm.Verdict{{Piece: piece, Blocks: make([][]byte, c.Geometry.BlockCount(piece)), Stored: c.Storage}}
			c.Verify(batch)
			if err := batch[0].Err; err != nil {
				return err
			}
			if !batch[0].OK {
				return changed(f.Path)
			}
		}
	}
	for path := range left { // it was renamed since it was opened
		return changed(path)
	}
	return nil
}

func changed(path string) error {
	return &diskstore.Error{Op: "check", Path: path, Offset: -1, Err: Err}
}
