package client

import (
	"github.com/shoal-bt/shoal/client/internal/content"
)

// A File is one file of a torrent, and how much of it is held at the time of the call that returned
// it. Its methods may be called from many goroutines at once.
type File struct {
	Index  int    // in Metainfo().Info.Entries
	Path   string // relative to Dir, slash-separated
	Name   string // the last component of Path
	Offset int64  // of the first byte in the torrent
	Length int64  // in bytes; 0 for symlinks
	Held   int64  // bytes in pieces that are held

	// Priority is from Unwanted to HighestPriority. Pieces of the file may have others, see
	// Torrent.SetPieces.
	Priority int

	torrent    *Torrent
	first, end int // pieces with bytes of it
}

// Progress returns the share of the file that is held, 0 to 1.
func (f File) Progress() float64 {
	if f.Length == 0 {
		return 1
	}
	return float64(f.Held) / float64(f.Length)
}

func (t *running) Files() ([]File, error) {
	meta, err := t.Metainfo()
	if err != nil {
		return nil, err
	}
	have := t.Bitfield()
	var all []File
	for i, e := range meta.Info.Entries {
		if e.Pad {
			continue
		}
		f := File{Index: i, Path: e.Path, Name: e.Name(), Offset: e.Offset, Length: e.Length}
		if t.seed != nil {
			f.Path = t.seed.Files[i].Path // a seed's file may have another path than in the torrent
		}
		f.Priority, f.torrent = t.wants.File(i), t.torrent
		f.first, f.end = e.Pieces()
		f.Held = content.Held(t.geometry, have, e.Offset, e.Length)
		all = append(all, f)
	}
	return all, nil
}
