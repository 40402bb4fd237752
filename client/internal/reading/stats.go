package reading

import (
	"slices"

	"github.com/shoal-bt/shoal/swarm"
)

// Stats are the figures of a reader at one moment.
type Stats struct {
	File     int     // index of the file in Metainfo().Info.Entries
	Offset   int64   // of the next Read, in the file
	Buffered int64   // bytes that are held from Offset on, without a gap
	Ahead    int64   // bytes behind Offset that the reader asks for
	Rate     float64 // bytes per second at which Read was called, over some seconds
}

// Readers returns the figures of the readers that are open, in the order in which they were opened.
// The slice is the caller's. A nil Set has none.
func (s *Set) Readers() []Stats {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	readers := slices.Clone(s.readers)
	s.mu.Unlock()
	if len(readers) == 0 {
		return nil
	}
	held := s.config.Torrent.Pieces()
	all := make([]Stats, len(readers))
	for i, r := range readers {
		all[i] = r.stats(held)
	}
	return all
}

func (r *Reader) stats(held swarm.Bitfield) Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	size := r.set.config.Geometry.PieceLength
	budget := ahead(r.chosen, r.meter.rate, size)
	return Stats{
		File:     r.file.Index,
		Offset:   r.off,
		Buffered: r.set.buffered(held, r.file, r.off),
		Ahead:    max(min(budget, r.file.Length-r.off), 0),
		Rate:     r.meter.rate,
	}
}

// buffered returns how many bytes of a file are held from an offset on, without a gap.
func (s *Set) buffered(held swarm.Bitfield, f File, off int64) int64 {
	if off >= f.Length {
		return 0
	}
	piece, end := s.pieceAt(f.Offset+off), s.pieceAt(f.Offset+f.Length-1)+1
	for piece < end && held.Has(piece) {
		piece++
		for piece%8 == 0 && piece+8 <= end && held[piece/8] == 0xff {
			piece += 8 // a thousand readers of a torrent of 100,000 pieces have no time for each
		}
	}
	return max(min(int64(piece)*s.config.Geometry.PieceLength-f.Offset, f.Length)-off, 0)
}
