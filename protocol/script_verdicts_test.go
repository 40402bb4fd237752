package protocol

import (
	"hash/fnv"
	"slices"

	"github.com/stretchr/testify/require"
)

// hash has sections of some pieces hashed side by side; they are being written then.
func (w *world) hash(pieces []int) {
	var in SectionsHashed
	w.jobs = slices.DeleteFunc(w.jobs, func(j Check) bool {
		if !j.Section || !slices.Contains(pieces, j.Piece) {
			return false
		}
		to := j.From + len(j.Blocks)
		in.Sections = append(in.Sections, HashedSection{Piece: j.Piece, Serial: j.Serial, To: to, State: to})
		w.hashed = append(w.hashed, j)
		return true
	})
	require.NotEmpty(w.t, in.Sections, "%s: no section of these pieces is being hashed", w.place)
	w.happen(in)
}

// write is the answer of the Storage about a section that is being written.
func (w *world) write(i int, err error) {
	j := w.hashed[i]
	w.hashed = slices.Delete(w.hashed, i, i+1)
	w.happen(SectionDone{Piece: j.Piece, Serial: j.Serial, From: j.From, Blocks: j.Blocks, Err: err})
}

// judge is the answer of a verifier, and of the Storage if the piece is right.
func (w *world) judge(piece int, how string, bad []int) {
	i := slices.IndexFunc(w.hashed, func(j Check) bool { return j.Piece == piece })
	if i >= 0 {
		var err error
		if how == "error" {
			err = errScript
		}
		w.write(i, err)
		return
	}
	i = slices.IndexFunc(w.jobs, func(j Check) bool { return j.Piece == piece })
	require.GreaterOrEqual(w.t, i, 0, "%s: piece %d is not being checked", w.place, piece)
	j := w.jobs[i]
	w.jobs = slices.Delete(w.jobs, i, i+1)
	if j.From > 0 {
		require.Equal(w.t, j.From, j.State, w.place)
	}
	if j.Section && how == "error" {
		w.happen(SectionDone{Piece: piece, Serial: j.Serial, From: j.From, Blocks: j.Blocks, Err: errScript})
		return
	}
	if j.Section {
		w.jobs = append(w.jobs, j)
		w.hash([]int{piece})
		w.write(len(w.hashed)-1, nil)
		return
	}
	e := CheckResult{Piece: piece, Serial: j.Serial, From: j.From, Blocks: j.Blocks, Bad: bad}
	switch how {
	case "ok":
		e.OK = true
	case "error":
		e.Err = errScript
	}
	if j.Sums || (how == "wrong" && len(bad) == 0) {
		e.Sums = w.sums(j)
	}
	w.happen(e)
}

// sums hashes the blocks of a piece. Those that are stored have the right bytes.
func (w *world) sums(j Check) (all []uint64) {
	for k := range j.From + len(j.Blocks) {
		var b []byte
		if k >= j.From {
			b = j.Blocks[k-j.From]
		}
		if b == nil {
			b = w.stored(w.setup.Geometry.Block(j.Piece, k))
		}
		h := fnv.New64()
		h.Write(b)
		all = append(all, h.Sum64())
	}
	return all
}

// wrote is the end of a spill.
func (w *world) wrote(piece int, err error) {
	i := slices.IndexFunc(w.spills, func(e Spill) bool { return e.Piece == piece })
	require.GreaterOrEqual(w.t, i, 0, "%s: piece %d is not being written", w.place, piece)
	e := w.spills[i]
	w.spills = slices.Delete(w.spills, i, i+1)
	w.happen(Written{e.Piece, e.Serial, e.Numbers, e.Bufs, err})
}
