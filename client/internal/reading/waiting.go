package reading

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/engine"
)

// pieceAt returns the piece with the byte at an offset in the torrent.
func (s *Set) pieceAt(off int64) int { return int(off / s.config.Geometry.PieceLength) }

// wishWindow has a wisher wish for a window of a file, and for nothing else.
func (s *Set) wishWindow(by *wisher, f File, w window, p pace) {
	if w.first >= w.end {
		s.wish(by, 0, 0, nil, p.now)
		return
	}
	first := s.pieceAt(f.Offset + w.first)
	end := min(s.pieceAt(f.Offset+w.end-1)+1, first+maxPieces)
	at := func(piece int) time.Time { return p.at(int64(piece)*s.config.Geometry.PieceLength - f.Offset) }
	s.wish(by, first, end, at, p.now)
}

// readHeld reads bytes at an offset in the torrent, as far as their pieces are held. It fails with
// engine.ErrNoPiece only if the first one is missing.
func (s *Set) readHeld(p []byte, off int64) (int, error) {
	for {
		n, err := s.config.Torrent.ReadAt(p, off)
		if n > 0 || !errors.Is(err, engine.ErrNoPiece) {
			return n, err
		}
		first := s.pieceAt(off)
		count := s.pieceAt(off+int64(len(p))-1) - first + 1
		if count == 1 {
			return 0, err
		}
		p = p[:int64(first+count/2)*s.config.Geometry.PieceLength-off]
	}
}

// await waits until a piece is held that a wisher needs now. If somebody says meanwhile that the
// piece is not wanted, the wisher wishes for it again.
func (s *Set) await(ctx context.Context, by *wisher, piece int) error {
	err := s.need(by, piece, time.Now(), false)
	for err == nil || errors.Is(err, engine.ErrNotPrioritizer) {
		isUnable := err != nil
		err = s.config.Torrent.Await(ctx, piece)
		if isUnable || ctx.Err() != nil || !errors.Is(err, engine.ErrNotWanted) {
			return err
		}
		err = s.need(by, piece, time.Now(), true)
	}
	return err
}

// remove forgets a reader.
func (s *Set) remove(r *Reader) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readers = slices.DeleteFunc(s.readers, func(o *Reader) bool { return o == r })
}
