package swarm_test

import (
	"math"
	"slices"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

const block = swarm.BlockLen

func TestGeometryCutsPiecesAndBlocks(t *testing.T) {
	for _, test := range []struct {
		name   string
		g      swarm.Geometry
		pieces []int // lengths
		blocks []int // of each piece
		last   swarm.Block
	}{
		{"one byte", swarm.Geometry{Length: 1, PieceLength: 1 << 15}, []int{1}, []int{1}, swarm.Block{Length: 1}},
		{"nothing", swarm.Geometry{PieceLength: 1 << 15}, nil, nil, swarm.Block{}},
		{"whole pieces", swarm.Geometry{Length: 2 << 15, PieceLength: 1 << 15},
			[]int{1 << 15, 1 << 15}, []int{2, 2}, swarm.Block{Piece: 1, Begin: block, Length: block}},
		{"a short last piece", swarm.Geometry{Length: 1<<15 + 7, PieceLength: 1 << 15},
			[]int{1 << 15, 7}, []int{2, 1}, swarm.Block{Piece: 1, Length: 7}},
		{"a short last block", swarm.Geometry{Length: 3<<15 - 1, PieceLength: 1 << 15},
			[]int{1 << 15, 1 << 15, 1<<15 - 1}, []int{2, 2, 2}, swarm.Block{Piece: 2, Begin: block, Length: block - 1}},
		{"pieces shorter than a block", swarm.Geometry{Length: 25, PieceLength: 10},
			[]int{10, 10, 5}, []int{1, 1, 1}, swarm.Block{Piece: 2, Length: 5}},
		{"pieces that are no multiple of a block", swarm.Geometry{Length: 2 * 40000, PieceLength: 40000},
			[]int{40000, 40000}, []int{3, 3}, swarm.Block{Piece: 1, Begin: 2 * block, Length: 40000 - 2*block}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if n := test.g.Pieces(); n != len(test.pieces) {
				t.Fatalf("%d pieces, want %d", n, len(test.pieces))
			}
			var all []swarm.Block
			for i, want := range test.pieces {
				if n := test.g.PieceLen(i); n != want {
					t.Errorf("piece %d has %d bytes, want %d", i, n, want)
				}
				if n := test.g.BlockCount(i); n != test.blocks[i] {
					t.Errorf("piece %d has %d blocks, want %d", i, n, test.blocks[i])
				}
				all = slices.AppendSeq(all, test.g.Blocks(i))
			}
			var end int64
			for _, b := range all {
				if off := test.g.Offset(b); off != end {
					t.Errorf("%v starts at %d, want %d", b, off, end)
				}
				if b != test.g.Block(b.Piece, b.Begin/block) || !test.g.Contains(b) || !test.g.Serves(b) {
					t.Errorf("%v is not what Block, Contains and Serves say", b)
				}
				end += int64(b.Length)
			}
			if end != test.g.Length {
				t.Errorf("the blocks have %d bytes, want %d", end, test.g.Length)
			}
			if len(all) > 0 && all[len(all)-1] != test.last {
				t.Errorf("the last block is %v, want %v", all[len(all)-1], test.last)
			}
		})
	}
}

// padded has three pieces of four blocks. Pads are the end of piece 0 from within
// its second block, all of piece 1 but its first byte, and the start of piece 2.
func padded(short bool) swarm.Geometry {
	return swarm.Geometry{Length: 3 << 16, PieceLength: 1 << 16, Short: short, Pads: []swarm.Span{
		{Offset: block + 5, Length: 1<<16 - block - 5},
		{Offset: 1<<16 + 1, Length: 1<<16 - 1 + block},
	}}
}

func TestGeometryWithPads(t *testing.T) {
	for _, test := range []struct {
		short  bool
		pieces []int
		blocks []swarm.Block
	}{
		{false, []int{1 << 16, 1 << 16, 1 << 16}, []swarm.Block{
			{Piece: 0, Begin: 0, Length: block}, {Piece: 0, Begin: block, Length: 5},
			{Piece: 1, Begin: 0, Length: 1},
			{Piece: 2, Begin: block, Length: block}, {Piece: 2, Begin: 2 * block, Length: block}, {Piece: 2, Begin: 3 * block, Length: block},
		}},
		{true, []int{block + 5, 1, 1 << 16}, []swarm.Block{
			{Piece: 0, Begin: 0, Length: block}, {Piece: 0, Begin: block, Length: 5},
			{Piece: 1, Begin: 0, Length: 1},
			{Piece: 2, Begin: block, Length: block}, {Piece: 2, Begin: 2 * block, Length: block}, {Piece: 2, Begin: 3 * block, Length: block},
		}},
	} {
		g := padded(test.short)
		var got []swarm.Block
		for i, want := range test.pieces {
			if n := g.PieceLen(i); n != want {
				t.Errorf("short %v: piece %d has %d bytes, want %d", test.short, i, n, want)
			}
			got = slices.AppendSeq(got, g.Blocks(i))
		}
		if !slices.Equal(got, test.blocks) {
			t.Errorf("short %v: blocks %v, want %v", test.short, got, test.blocks)
		}
		for i, length := range test.pieces {
			sum := 0
			for k := range g.BlockCount(i) {
				b, whole := g.Request(i, k), g.Block(i, k)
				sum += whole.Length
				if asked := slices.Contains(got, b); g.Contains(b) != asked || g.IsPad(b) == asked || g.Serves(b) != asked {
					t.Errorf("short %v: %v: Contains %v, IsPad %v, Serves %v", test.short, b, g.Contains(b), g.IsPad(b), g.Serves(b))
				}
				if g.Contains(whole) != (whole == b) || g.IsPad(whole) != (b.Length == 0) || !g.Serves(whole) {
					t.Errorf("short %v: %v with its pad: Contains %v, IsPad %v, Serves %v", test.short, whole, g.Contains(whole), g.IsPad(whole), g.Serves(whole))
				}
			}
			if sum != length {
				t.Errorf("short %v: the blocks of piece %d take %d bytes of %d", test.short, i, sum, length)
			}
		}
	}
}

// A file of 1,048,577 bytes in a hybrid torrent: of the block after the first MiB, one
// byte is requested, and it is served with the pad after it too.
func TestBlockEndsWherePadBegins(t *testing.T) {
	const mib = 1 << 20
	g := swarm.Geometry{Length: 2*mib + 100, PieceLength: mib, Pads: []swarm.Span{{Offset: mib + 1, Length: mib - 1}}}
	for _, test := range []struct {
		b               swarm.Block
		asked, isServed bool
	}{
		{swarm.Block{Piece: 1, Begin: 0, Length: 1}, true, true},
		{swarm.Block{Piece: 1, Begin: 0, Length: block}, false, true},
		{swarm.Block{Piece: 1, Begin: 0, Length: 2}, false, true},
		{swarm.Block{Piece: 1, Begin: 0, Length: 0}, false, false},
		{swarm.Block{Piece: 1, Begin: 1, Length: block}, false, true},
		{swarm.Block{Piece: 1, Begin: block, Length: block}, false, true},
		{swarm.Block{Piece: 1, Begin: block, Length: 0}, false, false},
		{swarm.Block{Piece: 1, Begin: mib, Length: 1}, false, false},
	} {
		if g.Contains(test.b) != test.asked || g.Serves(test.b) != test.isServed {
			t.Errorf("%v: Contains %v, Serves %v, want %v and %v", test.b, g.Contains(test.b), g.Serves(test.b), test.asked, test.isServed)
		}
	}
	if got := slices.Collect(g.Blocks(1)); !slices.Equal(got, []swarm.Block{{Piece: 1, Length: 1}}) {
		t.Errorf("the blocks of the piece are %v", got)
	}
	if b := g.Request(1, 3); b.Length != 0 || !g.IsPad(b) {
		t.Errorf("a block that is all pad is %v, IsPad %v", b, g.IsPad(b))
	}
	if b := (swarm.Block{Piece: 0, Begin: block}); g.IsPad(b) {
		t.Errorf("%v is where no pad is", b)
	}
}

func TestIsPad(t *testing.T) {
	none := swarm.Geometry{Length: 1 << 16, PieceLength: 1 << 16}
	some := none
	some.Pads = []swarm.Span{{Offset: 100, Length: 50}}
	for _, test := range []struct {
		g             swarm.Geometry
		begin, length int
		want          bool
	}{
		{none, 0, 1, false},
		{none, 0, block, false},
		{some, 100, 50, true},
		{some, 149, 1, true},
		{some, 100, 51, false},
		{some, 99, 51, false},
		{some, 99, 1, false},
		{some, 150, 1, false},
	} {
		if got := test.g.IsPad(swarm.Block{Begin: test.begin, Length: test.length}); got != test.want {
			t.Errorf("of pads %v: %d bytes at %d: %v, want %v", test.g.Pads, test.length, test.begin, got, test.want)
		}
	}
}

// A pad in the middle of a block is requested with it, because a request is one run.
func TestPadInsideBlock(t *testing.T) {
	g := swarm.Geometry{Length: 2 * block, PieceLength: 2 * block, Pads: []swarm.Span{{Length: 10}, {Offset: 100, Length: 50}, {Offset: block + 7, Length: block - 7}}}
	want := []swarm.Block{{Begin: 0, Length: block}, {Begin: block, Length: 7}}
	if got := slices.Collect(g.Blocks(0)); !slices.Equal(got, want) {
		t.Errorf("blocks %v, want %v", got, want)
	}
}

// A piece that is all pad has length zero where pieces are short, and no blocks
// to ask for in any case.
func TestGeometryPieceAllPad(t *testing.T) {
	for _, short := range []bool{false, true} {
		g := swarm.Geometry{Length: 2<<15 - 9, PieceLength: 1 << 15, Short: short, Pads: []swarm.Span{{Offset: 100, Length: 2<<15 - 109}}}
		want := 1<<15 - 9
		if short {
			want = 0
		}
		if n := g.PieceLen(1); n != want {
			t.Errorf("short %v: the last piece has %d bytes, want %d", short, n, want)
		}
		for b := range g.Blocks(1) {
			t.Errorf("short %v: %v is asked for", short, b)
		}
	}
}

func TestBlocksStopsWhenTold(t *testing.T) {
	for b := range padded(false).Blocks(2) {
		if b.Begin != block {
			t.Errorf("went on to %v", b)
		}
		break
	}
}

// Behind a short piece we may be asked for its pad, from within the piece on.
func TestServesPadOfShortPieces(t *testing.T) {
	for _, test := range []struct {
		b            swarm.Block
		short, whole bool // where pieces are short, and where pads belong to them
	}{
		{swarm.Block{Piece: 0, Begin: block, Length: 5}, true, true},
		{swarm.Block{Piece: 0, Begin: block, Length: block}, true, true},
		{swarm.Block{Piece: 0, Begin: block, Length: 3 * block}, true, true},
		{swarm.Block{Piece: 0, Begin: block, Length: 3*block + 1}, false, false},
		{swarm.Block{Piece: 0, Begin: block + 4, Length: block}, true, true},
		{swarm.Block{Piece: 0, Begin: block + 5, Length: 1}, false, true},
		{swarm.Block{Piece: 1, Begin: 0, Length: block}, true, true},
		{swarm.Block{Piece: 1, Begin: block, Length: block}, false, true},
	} {
		if got := padded(true).Serves(test.b); got != test.short {
			t.Errorf("short: Serves(%v) is %v", test.b, got)
		}
		if got := padded(false).Serves(test.b); got != test.whole {
			t.Errorf("whole: Serves(%v) is %v", test.b, got)
		}
	}
	// The last piece of the torrent has a pad that no Span names.
	g := swarm.Geometry{Length: 1<<16 + 9, PieceLength: 1 << 16, Short: true}
	last := swarm.Block{Piece: 1, Begin: 0, Length: block}
	if !g.Serves(last) {
		t.Errorf("Serves(%v) is false for the last piece", last)
	}
	g.Short = false
	if g.Serves(last) {
		t.Errorf("Serves(%v) is true behind the torrent", last)
	}
}

func TestContainsAndServes(t *testing.T) {
	g := swarm.Geometry{Length: 5<<18 - 1000, PieceLength: 1 << 18}
	for _, test := range []struct {
		b                swarm.Block
		contains, serves bool
	}{
		{swarm.Block{Piece: 0, Begin: 0, Length: block}, true, true},
		{swarm.Block{Piece: 0, Begin: 0, Length: block - 1}, false, true},
		{swarm.Block{Piece: 0, Begin: 0, Length: block + 1}, false, true},
		{swarm.Block{Piece: 0, Begin: 1, Length: block}, false, true},
		{swarm.Block{Piece: 0, Begin: 0, Length: 0}, false, false},
		{swarm.Block{Piece: 0, Begin: 0, Length: -1}, false, false},
		{swarm.Block{Piece: 0, Begin: 0, Length: swarm.MaxRequest}, false, true},
		{swarm.Block{Piece: 0, Begin: 0, Length: swarm.MaxRequest + 1}, false, false},
		{swarm.Block{Piece: 0, Begin: 1<<18 - 1, Length: 1}, false, true},
		{swarm.Block{Piece: 0, Begin: 1<<18 - 1, Length: 2}, false, false},
		{swarm.Block{Piece: 0, Begin: 1 << 18, Length: 1}, false, false},
		{swarm.Block{Piece: 0, Begin: 1 << 18, Length: block}, false, false},
		{swarm.Block{Piece: 0, Begin: 1 << 18, Length: 0}, false, false},
		{swarm.Block{Piece: 0, Begin: 1<<18 + block, Length: -block}, false, false},
		{swarm.Block{Piece: 0, Begin: -block, Length: block}, false, false},
		{swarm.Block{Piece: 4, Begin: 15 * block, Length: block - 1000}, true, true},
		{swarm.Block{Piece: 4, Begin: 15 * block, Length: block}, false, false},
		{swarm.Block{Piece: 5, Begin: 0, Length: block}, false, false},
		{swarm.Block{Piece: -1, Begin: 0, Length: block}, false, false},
		{swarm.Block{Piece: math.MaxInt, Begin: 0, Length: block}, false, false},
		{swarm.Block{Piece: 0, Begin: math.MaxInt, Length: block}, false, false},
		{swarm.Block{Piece: 0, Begin: math.MaxInt &^ (block - 1), Length: block}, false, false},
		{swarm.Block{Piece: 0, Begin: block, Length: math.MaxInt}, false, false},
	} {
		if g.Contains(test.b) != test.contains || g.Serves(test.b) != test.serves {
			t.Errorf("%v: Contains %v, Serves %v, want %v, %v", test.b, g.Contains(test.b), g.Serves(test.b), test.contains, test.serves)
		}
	}
}

// Offsets are 64 bits wide where int is 32.
func TestGeometryOfLargeTorrent(t *testing.T) {
	g := swarm.Geometry{Length: 20<<40 + 1, PieceLength: 16 << 20, Pads: []swarm.Span{{Offset: 15 << 40, Length: 1 << 24}}}
	pieces := 20<<20/16 + 1
	if n := g.Pieces(); n != pieces {
		t.Fatalf("%d pieces, want %d", n, pieces)
	}
	last := g.Block(pieces-1, 0)
	if last.Length != 1 || g.Offset(last) != 20<<40 {
		t.Errorf("the last block is %v at %d", last, g.Offset(last))
	}
	b := g.Block(15<<20/16, 0)
	if g.Offset(b) != 15<<40 || !g.IsPad(b) || g.IsPad(g.Block(b.Piece+1, 0)) || g.IsPad(g.Block(b.Piece-1, 1023)) {
		t.Errorf("the pad of 16 MiB at 15 TiB is not where it should be")
	}
}
