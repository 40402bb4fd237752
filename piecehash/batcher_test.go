package piecehash_test

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/shoal-bt/shoal/piecehash"
	"github.com/stretchr/testify/require"
)

// everyPath runs f with every way of hashing.
func everyPath(t *testing.T, f func(t *testing.T)) {
	for _, p := range piecehash.Paths() {
		t.Run(p.Name, func(t *testing.T) {
			defer p.Force()()
			f(t)
		})
	}
}

// edges are lengths at which padding or the number of blocks changes.
var edges = []int{0, 1, 55, 56, 63, 64, 65, 111, 112, 119, 120, 127, 128, 129, 16384 - 1, 16384, 16384 + 1, 20000}

// noise returns n random bytes.
func noise(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// cut cuts b into blocks of up to most bytes, with an empty one now and then.
func cut(r *rand.Rand, b []byte, most int) (blocks [][]byte) {
	for len(b) > 0 {
		n := min(len(b), 1+r.IntN(most))
		if r.IntN(8) == 0 {
			blocks = append(blocks, nil)
		}
		blocks, b = append(blocks, b[:n:n]), b[n:]
	}
	return blocks
}

// check hashes pieces with every function and compares with the standard library.
func check(t *testing.T, whole [][]byte, pieces [][][]byte) {
	t.Helper()
	one, again, two := make([][20]byte, len(pieces)), make([]piecehash.Section1, len(pieces)), make([][32]byte, len(pieces))
	piecehash.Sum1(one, pieces)
	piecehash.Sum256(two, pieces)
	at := make([]int, len(pieces))
	ended := make([]bool, len(pieces))
	piecehash.Sum1Sections(again, func(i int) []byte {
		if ended[i] {
			t.Errorf("next was called for piece %d after its end", i)
		}
		for at[i] < len(pieces[i]) {
			at[i]++
			if b := pieces[i][at[i]-1]; len(b) > 0 {
				return b
			}
		}
		ended[i] = true
		return nil
	})
	leaves := make([][32]byte, len(whole))
	piecehash.Leaves(leaves, whole)
	for i, b := range whole {
		want1, want256 := sha1.Sum(b), sha256.Sum256(b)
		if one[i] != want1 || again[i].Sum != want1 || two[i] != want256 || leaves[i] != want256 {
			t.Fatalf("piece %d of %d with %d bytes: Sum1 %t, Sum1Sections %t, Sum256 %t, Leaves %t", i, len(whole), len(b),
				one[i] == want1, again[i].Sum == want1, two[i] == want256, leaves[i] == want256)
		}
	}
}

func TestEveryPathOnEdges(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	everyPath(t, func(t *testing.T) {
		for _, most := range []int{1 << 20, 64, 70} {
			var whole [][]byte
			var pieces [][][]byte
			for _, n := range edges {
				whole = append(whole, noise(r, n))
				pieces = append(pieces, cut(r, whole[len(whole)-1], most))
			}
			check(t, whole, pieces)
		}
	})
}

func TestEveryPathOnRandomBatches(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 6))
		for range 30 {
			var whole [][]byte
			var pieces [][][]byte
			equal, most := r.IntN(3) == 0, 1+r.IntN(5000)
			for range 1 + r.IntN(40) {
				n := most
				if !equal {
					n = r.IntN(most)
				}
				whole = append(whole, noise(r, n))
				pieces = append(pieces, cut(r, whole[len(whole)-1], 1+r.IntN(600)))
			}
			check(t, whole, pieces)
		}
	})
}

// Every number of lanes hashes messages that are longer than one call may hash.
func TestEveryNumberOfLanes(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	b := noise(r, 80_000)
	everyPath(t, func(t *testing.T) {
		for n := 1; n <= 17; n++ {
			var whole [][]byte
			var pieces [][][]byte
			for range n {
				from := r.IntN(40_000)
				whole = append(whole, b[from:from+38_000])
				pieces = append(pieces, cut(r, whole[len(whole)-1], 16<<10))
			}
			check(t, whole, pieces)
		}
	})
}

func TestTreesOnEveryPath(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		TestRootsAndPieceLayersEqualNaiveOnes(t)
		TestTreeHoldsEveryLayer(t)
	})
}

func TestNoPathAllocates(t *testing.T) {
	if race {
		t.Skip("the race detector allocates")
	}
	pieces, whole := batch()
	one, two := make([][20]byte, len(pieces)), make([][32]byte, len(pieces))
	for _, p := range piecehash.Paths() {
		if p.Slow() {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			defer p.Force()()
			require.Zero(t, testing.AllocsPerRun(20, func() {
				piecehash.Sum1(one, pieces)
				piecehash.Sum256(two, pieces)
				piecehash.Leaves(two, whole)
				piecehash.Root(two, 0)
			}))
		})
	}
}

// FuzzSums hashes batches whose lengths and cuts come from spec: two bytes each
// for the length of a piece and for that of its blocks.
func FuzzSums(f *testing.F) {
	paths := piecehash.Paths()
	r := rand.New(rand.NewPCG(9, 10))
	data := noise(r, 1<<16)
	for n := range paths {
		f.Add(uint8(n), []byte{0, 64, 0, 1, 1, 0, 0, 63, 0, 0, 0, 0})
	}
	f.Add(uint8(1), make([]byte, 4*33))
	f.Fuzz(func(t *testing.T, path uint8, spec []byte) {
		defer paths[int(path)%len(paths)].Force()()
		var whole [][]byte
		var pieces [][][]byte
		for ; len(spec) >= 4 && len(whole) < 40; spec = spec[4:] {
			n, step := int(binary.BigEndian.Uint16(spec))%8192, 1+int(binary.BigEndian.Uint16(spec[2:]))
			b := data[len(whole)*101:][:n]
			whole = append(whole, b)
			var blocks [][]byte
			for len(b) > 0 {
				k := min(step, len(b))
				blocks, b = append(blocks, b[:k]), b[k:]
			}
			pieces = append(pieces, blocks)
		}
		check(t, whole, pieces)
		for i, sum := range inSections(rand.New(rand.NewPCG(uint64(path), uint64(len(whole)))), whole) {
			if sum != sha1.Sum(whole[i]) {
				t.Fatalf("message %d of %d with %d bytes is wrong in sections", i, len(whole), len(whole[i]))
			}
		}
	})
}

// BenchmarkPaths hashes pieces of 1 MiB in 16 KiB blocks, for each way and number
// of pieces.
func BenchmarkPaths(b *testing.B) {
	pieces, _ := sixteen()
	one, two := make([][20]byte, len(pieces)), make([][32]byte, len(pieces))
	for _, p := range piecehash.Paths() {
		for n := 1; n <= 16 && !p.Slow(); n++ {
			for name, sum := range map[string]func(){
				"SHA-1":   func() { piecehash.Sum1(one, pieces[:n]) },
				"SHA-256": func() { piecehash.Sum256(two, pieces[:n]) },
			} {
				b.Run(fmt.Sprintf("%s/%s/%d", name, p.Name, n), func(b *testing.B) {
					defer p.Force()()
					b.SetBytes(int64(n) << 20)
					b.ReportAllocs()
					for b.Loop() {
						sum()
					}
				})
			}
		}
	}
}
