package metainfo

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/shoal-bt/shoal/metainfo/internal/batchhash"
	"github.com/shoal-bt/shoal/swarm"
)

// Verify checks a batch of pieces and sets OK, Bad and Err of each.
//
// The Blocks of a verdict are those of Geometry in order. A nil block is zeros if
// it is all pad; else it is read from Stored, in runs of up to 1 MiB. If Blocks is
// nil the whole piece is read. If Stored says that something does not exist
// (fs.ErrNotExist) then the piece is wrong, which is not an error.
//
// A piece may come in sections, as [swarm.Verdict] says. All pieces and sections of
// a batch are hashed side by side, and the next run of each is read meanwhile, so
// up to 32 runs of 256 KiB are in memory at a time. If the first run comes so slowly
// that the storage may have to seek, runs are of 1 MiB, and pieces longer than that
// are hashed one after the other.
//
// A hybrid's piece must have the right hash in v1 and in v2. If only one of them is
// right then the torrent contradicts itself, and Err says so. While the v2 hash is
// not known, the v1 hash alone decides. A piece of a v2-only torrent gets an Err if
// its hash is not known. Bad is set if the v2 leaves of the piece are known: because
// it has a single block, or because SetLeaves was called.
//
// Verify may be called from several goroutines at once, and keeps nothing. If it
// has to read, it does so on one more goroutine, which ends before it returns. It
// reads one run at a time.
func (i *Info) Verify(batch []swarm.Verdict) {
	h := batchhash.Get()
	defer h.Release()
	h.Hash(i.Geometry(), i.v1, i.v2, batch)
	for n := range batch {
		v := &batch[n]
		r := h.Result(n)
		v.OK, v.Bad, v.Err = false, nil, nil
		switch {
		case errors.Is(r.Err, fs.ErrNotExist):
		case r.Err != nil:
			v.Err = fmt.Errorf("metainfo: piece %d: %w", v.Piece, r.Err)
		case r.State != nil:
			v.State = r.State
		default:
			i.compare(v, r)
		}
	}
}

var (
	errDisagree = errors.New("the v1 and v2 hashes contradict each other: the torrent is broken")
	errNoLayer  = errors.New("the piece layer is not known: call SetPieceLayer first")
)

// compare compares the hashes of a piece with those of the torrent.
func (i *Info) compare(v *swarm.Verdict, r batchhash.Result) {
	var ok1, ok2 bool
	if i.v1 {
		want, _ := i.PieceHash(v.Piece)
		ok1 = r.Sum == want
	}
	if !i.v2 {
		v.OK = ok1
		return
	}
	want, known := i.pieceHashV2(v.Piece)
	switch {
	case !known && i.v1:
		v.OK = ok1
		return
	case !known:
		v.Err = fmt.Errorf("metainfo: piece %d: %w", v.Piece, errNoLayer)
		return
	}
	ok2 = i.rootOf(v.Piece, r.Leaves) == want
	if r.PadDirty {
		// No leaf covers a pad, so the v2 hash does not show what a peer put
		// there. This must not look like a torrent that contradicts itself.
		v.Bad = append(v.Bad, len(r.Leaves)-1)
		return
	}
	if i.v1 && ok1 != ok2 {
		v.Err = fmt.Errorf("metainfo: piece %d: %w", v.Piece, errDisagree)
		return
	}
	v.OK = ok2
	if ok2 {
		return
	}
	if len(r.Leaves) == 1 {
		v.Bad = []int{0}
		return
	}
	for n, want := range i.leavesOf(v.Piece) {
		if r.Leaves[n] != want {
			v.Bad = append(v.Bad, n)
		}
	}
}
