package swarm

import "iter"

// Geometry says how the bytes of a torrent are cut into pieces and blocks.
//
// Pads are bytes that are zero and not stored: pad files
// (https://www.bittorrent.org/beps/bep_0047.html), and in v2 torrents
// (https://www.bittorrent.org/beps/bep_0052.html) the gap from the end of a file to the
// next piece. In a v2-only torrent a piece ends where its pad begins; in v1 and hybrid
// torrents the pad belongs to the piece and is hashed.
//
// The pad at the end of a block is not requested, and a block that is all pad is left out.
// Some clients end a piece where its file ends, also in hybrid torrents, and close the
// connection at a request that reaches further.
//
// A Geometry is a value; its methods may be called from many goroutines.
type Geometry struct {
	Length      int64  // of the torrent, pads included, in bytes
	PieceLength int64  // of every piece but the last, in bytes; 1 or more
	Pads        []Span // sorted, not touching
	Short       bool   // v2-only: a piece ends where its pad begins
}

// Pieces returns the number of pieces.
func (g Geometry) Pieces() int {
	return int((g.Length + g.PieceLength - 1) / g.PieceLength)
}

// PieceLen returns the length in bytes of piece i, which must exist.
func (g Geometry) PieceLen(i int) int {
	start := int64(i) * g.PieceLength
	end := min(start+g.PieceLength, g.Length)
	if g.Short && len(g.Pads) > 0 {
		if p, ok := g.padAt(end - 1); ok {
			end = max(p.Offset, start)
		}
	}
	return int(end - start)
}

// BlockCount returns the number of blocks in piece i, all-pad ones included.
func (g Geometry) BlockCount(i int) int {
	return (g.PieceLen(i) + BlockLen - 1) / BlockLen
}

// Block returns the nth block of a piece, with the pad in it. Both are counted from zero
// and must exist.
func (g Geometry) Block(piece, n int) Block {
	begin := n * BlockLen
	return Block{Piece: piece, Begin: begin, Length: min(BlockLen, g.PieceLen(piece)-begin)}
}

// Request returns what to request of the nth block of a piece: the block without the pad
// at its end. Its Length is zero if all of it is pad. Both are counted from zero and must
// exist.
func (g Geometry) Request(piece, n int) Block {
	b := g.Block(piece, n)
	off := g.Offset(b)
	p, ok := g.padAt(off + int64(b.Length) - 1)
	if ok {
		b.Length = int(max(p.Offset-off, 0))
	}
	return b
}

// Blocks returns what to request of piece i, in order: what Request returns for each
// block that is not all pad.
func (g Geometry) Blocks(i int) iter.Seq[Block] {
	return func(yield func(Block) bool) {
		for n := range g.BlockCount(i) {
			b := g.Request(i, n)
			if b.Length > 0 && !yield(b) {
				return
			}
		}
	}
}

// Offset returns where b starts in the torrent, in bytes.
func (g Geometry) Offset(b Block) int64 {
	return int64(b.Piece)*g.PieceLength + int64(b.Begin)
}

// Contains reports whether b is a block that we may request: one of those that Blocks
// returns.
func (g Geometry) Contains(b Block) bool {
	if b.Piece < 0 || b.Piece >= g.Pieces() || b.Begin < 0 || b.Begin%BlockLen != 0 || b.Length < 1 {
		return false
	}
	return b.Begin < g.PieceLen(b.Piece) && b == g.Request(b.Piece, b.Begin/BlockLen)
}

// Serves reports whether b is a block that a peer may request from us: any run of 1 to
// MaxRequest bytes in one piece. Pads in it are zeros, so a peer may ask for a block with
// the pad at its end or without. If Short is set a request may reach from the piece into
// the pad after it, because libtorrent 2.0 makes such requests.
func (g Geometry) Serves(b Block) bool {
	if b.Piece < 0 || b.Piece >= g.Pieces() || b.Begin < 0 || b.Length < 1 || b.Length > MaxRequest {
		return false
	}
	n := g.PieceLen(b.Piece)
	if g.Short && b.Begin < n {
		n = int(g.PieceLength)
	}
	return b.Begin <= n-b.Length
}

// IsPad reports whether all bytes of b are pad.
func (g Geometry) IsPad(b Block) bool {
	off := g.Offset(b)
	p, ok := g.padAt(off)
	return ok && off+int64(b.Length) <= p.End()
}

// padAt returns the pad that contains the byte at off.
func (g Geometry) padAt(off int64) (Span, bool) {
	i := firstPad(g.Pads, off)
	if i == len(g.Pads) || g.Pads[i].Offset > off {
		return Span{}, false
	}
	return g.Pads[i], true
}
