// Package filecount counts the missing pieces of each file of a torrent.
//
// In come the torrent's metadata and pieces as they are held; out go the files that became
// complete. Not here: events.
package filecount

import (
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// A Count has the number of missing pieces of each file of a torrent. One goroutine at a
// time may use it.
type Count struct {
	info    *metainfo.Info
	have    swarm.Bitfield
	missing []int32
}

// A File is a file that is complete.
type File struct {
	Index  int // in Info.Entries
	Path   string
	Length int64 // in bytes
}

// New returns the counts of a torrent that has some pieces. It copies have.
func New(info *metainfo.Info, have swarm.Bitfield) *Count {
	f := &Count{info: info, have: have.Clone(), missing: make([]int32, len(info.Entries))}
	for i, e := range info.Entries {
		first, end := e.Pieces()
		for piece := first; piece < end; piece++ {
			if !have.Has(piece) {
				f.missing[i]++
			}
		}
	}
	return f
}

// Add counts a piece that is held, and returns the files that it completes, without pads.
func (f *Count) Add(piece int) (completed []File) {
	if f.have.Has(piece) {
		return nil
	}
	f.have.Set(piece)
	for i := range f.info.FilesOf(piece) {
		e := f.info.Entries[i]
		f.missing[i]--
		if f.missing[i] == 0 && !e.Pad {
			completed = append(completed, File{i, e.Path, e.Length})
		}
	}
	return completed
}
