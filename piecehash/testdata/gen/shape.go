package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A vec is a vector register.
type vec = reg.VecPhysical

// A shape is what can be done with one kind of vector. Destinations come first,
// as in formulas, and may be among the sources.
type shape interface {
	lanes() int
	pool() *pool
	// unpack interleaves the words (4 bytes) or pairs of words (8 bytes) of the
	// lower or upper half of each 16 bytes of x and y.
	unpack(bytes int, upper bool, x, y vec) vec
	// finish makes message words of groups, each of which holds in each 16 bytes
	// one word of 4 lanes. It returns the words in order, a fourth of them in each
	// 16 bytes of a group, and gives the groups back.
	finish(groups []vec) []vec
	// put keeps a new message word, and word says where it is.
	put(n int, x vec)
	word(n int) Op
	// edit returns message word n in a register, to be changed and then put.
	edit(n int) vec

	xor3(dst vec, x, y Op)                  // dst ^= x ^ y
	choose(x, y, z vec) vec                 // x ? y : z, bit by bit
	parity(x, y, z vec) vec                 // x ^ y ^ z
	majority(x, y, z vec, xy, yz *vec) vec  // what two of them have; see old
	rotate(n int, dst, x vec)               // to the left
	sigma(x Op, r0, r1, r2 int, s bool) vec // x rotated to the right by each, xored; if s, shifted by the last
	constant(dst vec, m Mem)                // dst += a constant that stands in memory
	load(x vec, m Mem)
	store(m Mem, x vec)
	reset() // lets go of the words
}

// A pool is the vector registers that are free.
type pool struct{ free []vec }

func newPool(regs ...vec) *pool {
	p := new(pool)
	for n := len(regs) - 1; n >= 0; n-- {
		p.free = append(p.free, regs[n])
	}
	return p
}

func (p *pool) take() vec {
	r := p.free[len(p.free)-1]
	p.free = p.free[:len(p.free)-1]
	return r
}

func (p *pool) give(rs ...vec) {
	for n := len(rs) - 1; n >= 0; n-- {
		p.free = append(p.free, rs[n])
	}
}

// A kernel is a function that is being written.
type kernel struct {
	s      shape
	at     reg.Register // of the pointers
	state  reg.Register
	offset reg.GPVirtual // of the block in each lane
	flip   Mem           // turns the bytes of each word around
}

// ahead is how far before its use a block is asked for, in bytes. Nothing from 64
// to 2048 was worse by more than a few percent; without it short is slower where
// lanes are in the second cache.
const ahead = 256

// begin starts a function and its loop over blocks; rounds is the body of it.
func begin(name, doc string, s shape, words int, rounds func(k *kernel, state []vec)) {
	TEXT(name, attr.NOSPLIT, "func(state *[8][16]uint32, at *[16]*byte, blocks int)")
	Doc(name + " hashes blocks of 64 bytes, 1 or more, of each lane: " + doc)
	Pragma("noescape")
	k := &kernel{s: s, flip: flip(), offset: GP64()}
	k.state, k.at = Load(Param("state"), GP64()), Load(Param("at"), GP64())
	end := Load(Param("blocks"), GP64())
	SHLQ(Imm(6), end)
	XORQ(k.offset, k.offset)
	if o, ok := s.(*old); ok {
		o.begin()
	}

	Label("block")
	held := k.message()
	var state []vec
	for n := range words {
		r := s.pool().take()
		s.load(r, k.row(n))
		state = append(state, r)
	}
	s.pool().give(held...)
	rounds(k, state)
	for n, r := range state {
		VPADDD(k.row(n), r, r)
		s.store(k.row(n), r)
	}
	s.pool().give(state...)
	s.reset()
	ADDQ(Imm(64), k.offset)
	CMPQ(k.offset, end)
	JNE(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// row is where a word of the state stands, for all lanes.
func (k *kernel) row(n int) Mem { return Mem{Base: k.state, Disp: 64 * n} }

// message loads one block of each lane, and puts its words so that each vector
// has the same word of all lanes. It returns registers to be given back. Gathering
// the words from memory took 1.7 times as long as loading and transposing.
func (k *kernel) message() []vec {
	p, bytes := k.s.pool(), 4*k.s.lanes()
	mask := p.take()
	k.s.load(mask, k.flip)
	pointer := GP64()
	for first := 0; first < 64; first += bytes {
		// groups[m] holds word m of each 16 bytes, of 4 lanes each.
		var groups [4][]vec
		for lane := 0; lane < k.s.lanes(); lane += 4 {
			var r [4]vec
			for n := range r {
				MOVQ(Mem{Base: k.at, Disp: 8 * (lane + n)}, pointer)
				r[n] = p.take()
				k.s.load(r[n], Mem{Base: pointer, Index: k.offset, Scale: 1, Disp: first})
				VPSHUFB(mask, r[n], r[n])
				if first == 0 {
					PREFETCHT0(Mem{Base: pointer, Index: k.offset, Scale: 1, Disp: ahead})
				}
			}
			for n, v := range k.quad(r) {
				groups[n] = append(groups[n], v)
			}
		}
		for m, g := range groups {
			for n, v := range k.s.finish(g) {
				k.s.put(first/4+4*n+m, v)
			}
		}
	}
	return []vec{mask}
}

// quad transposes 4 by 4 words in each 16 bytes of r.
func (k *kernel) quad(r [4]vec) [4]vec {
	s, p := k.s, k.s.pool()
	a, b := s.unpack(4, false, r[0], r[1]), s.unpack(4, true, r[0], r[1])
	p.give(r[0], r[1])
	c, d := s.unpack(4, false, r[2], r[3]), s.unpack(4, true, r[2], r[3])
	p.give(r[2], r[3])
	w, x := s.unpack(8, false, a, c), s.unpack(8, true, a, c)
	p.give(a, c)
	y, z := s.unpack(8, false, b, d), s.unpack(8, true, b, d)
	p.give(b, d)
	return [4]vec{w, x, y, z}
}

// unpack interleaves, in the one way that all shapes share.
func unpack(p *pool, bytes int, upper bool, x, y vec) vec {
	dst := p.take()
	switch {
	case bytes == 4 && !upper:
		VPUNPCKLDQ(y, x, dst)
	case bytes == 4:
		VPUNPCKHDQ(y, x, dst)
	case !upper:
		VPUNPCKLQDQ(y, x, dst)
	default:
		VPUNPCKHQDQ(y, x, dst)
	}
	return dst
}

var flipped *Mem

// flip is the mask for VPSHUFB that turns around the bytes of each word.
func flip() Mem {
	if flipped == nil {
		m := GLOBL("flip", attr.RODATA|attr.NOPTR)
		for n := range 64 / 8 {
			DATA(8*n, U64(0x04050607_00010203+uint64(n%2)*0x08080808_08080808))
		}
		flipped = &m
	}
	return *flipped
}
