package metainfo

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/shoal-bt/shoal/swarm"
)

// Verify checks a batch of pieces and sets OK, Bad and Err of each.
//
// Blocks of a verdict are those of Geometry in order. A nil block is zeros if
// it is all pad and else read from Stored, in runs of up to 1 MiB; if Blocks is
// nil the whole piece is read. What Stored says does not exist (fs.ErrNotExist)
// is wrong, not an error.
//
// The pieces of a batch are hashed side by side, and the next run of each is read
// meanwhile, so up to 32 runs of 256 KiB are in memory at a time. If the first run
// comes so slowly that the storage may have to seek, runs are of 1 MiB, and longer
// pieces are hashed one after the other.
//
// A piece may come in parts, as [swarm.Verdict] says: those of a batch are hashed side
// by side too.
//
// A hybrid's piece must have the right hash in v1 and in v2. If only one of
// them is right the torrent contradicts itself, and Err says so; while the v2
// hash is not known the v1 hash decides. A v2 piece whose hash is not known
// has Err set. Bad is set where the v2 leaves of the piece are known: it is a
// single block, or was given to SetLeaves.
//
// Verify may be called from several goroutines at once, and keeps nothing. Where it
// has to read it does so on one goroutine more, which ends before it returns; Stored
// is asked for one run at a time.
func (i *Info) Verify(batch []swarm.Verdict) {
	s := hashers.Get().(*batchHasher)
	defer s.release()
	s.sum(i, batch)
	for n := range batch {
		v := &batch[n]
		p := &s.pieces[n]
		v.OK, v.Bad, v.Err = false, nil, nil
		switch {
		case errors.Is(p.err, fs.ErrNotExist):
		case p.err != nil:
			v.Err = fmt.Errorf("metainfo: piece %d: %w", v.Piece, p.err)
		case s.hasMore(v):
			v.State = s.stateOf(n)
		default:
			i.compare(v, s, n)
		}
	}
}

var (
	errDisagree = errors.New("the v1 and v2 hashes contradict each other")
	errNoLayer  = errors.New("the piece layer is not known")
)

// compare compares the hashes of a piece with what they must be.
func (i *Info) compare(v *swarm.Verdict, s *batchHasher, n int) {
	var ok1, ok2 bool
	if s.v1 {
		want, _ := i.PieceHash(v.Piece)
		ok1 = s.sections[n].Sum == want
	}
	if !s.v2 {
		v.OK = ok1
		return
	}
	leaves := s.pieces[n].leaves
	want, known := i.pieceHashV2(v.Piece)
	switch {
	case !known && s.v1:
		v.OK = ok1
		return
	case !known:
		v.Err = fmt.Errorf("metainfo: piece %d: %w", v.Piece, errNoLayer)
		return
	}
	ok2 = i.rootOf(v.Piece, leaves) == want
	if s.pieces[n].padDirty {
		// No leaf covers a pad, so v2 alone would not see what a peer put
		// there; it must not look like a torrent that contradicts itself.
		v.Bad = append(v.Bad, len(leaves)-1)
		return
	}
	if s.v1 && ok1 != ok2 {
		v.Err = fmt.Errorf("metainfo: piece %d: %w", v.Piece, errDisagree)
		return
	}
	if v.OK = ok2; v.OK {
		return
	}
	if len(leaves) == 1 {
		v.Bad = []int{0}
		return
	}
	for n, want := range i.leavesOf(v.Piece) {
		if leaves[n] != want {
			v.Bad = append(v.Bad, n)
		}
	}
}
