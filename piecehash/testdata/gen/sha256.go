package main

import (
	"math/big"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

var k256 *Mem

// constants256 are the first 32 bits of the fractions of the cube roots of the
// first 64 primes: FIPS 180-4, section 4.2.2.
func constants256() Mem {
	if k256 != nil {
		return *k256
	}
	m := GLOBL("k256", attr.RODATA|attr.NOPTR)
	n := 0
	for prime := int64(2); n < 64; prime++ {
		if big.NewInt(prime).ProbablyPrime(0) {
			DATA(4*n, U32(cubeRoot(prime)))
			n++
		}
	}
	k256 = &m
	return m
}

// cubeRoot returns the first 32 bits of the fraction of the cube root of n: the
// last 32 of the largest x whose cube is at most n<<96.
func cubeRoot(n int64) uint32 {
	want := new(big.Int).Lsh(big.NewInt(n), 96)
	x := new(big.Int)
	for bit := 40; bit >= 0; bit-- {
		try := new(big.Int).SetBit(x, bit, 1)
		if new(big.Int).Exp(try, big.NewInt(3), nil).Cmp(want) <= 0 {
			x = try
		}
	}
	return uint32(x.Uint64())
}

// sha256 writes a function for SHA-256: FIPS 180-4, section 6.2.2.
func sha256(name, doc string, s func() shape) {
	begin(name, doc, s(), 8, func(k *kernel, state []vec) {
		s, p, constants := k.s, k.s.pool(), constants256()
		a, b, c, d, e, f, g, h := state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]
		add := func(dst vec, x vec) {
			VPADDD(x, dst, dst)
			p.give(x)
		}
		var bc vec // b xor c, where the shape wants it
		if _, ok := s.(*old); ok {
			bc = p.take()
			VPXOR(c, b, bc)
		}
		for t := range 64 {
			if t >= 16 {
				w := s.edit(t)
				VPADDD(s.word(t+9), w, w)
				add(w, s.sigma(s.word(t+1), 7, 18, 3, true))
				add(w, s.sigma(s.word(t+14), 17, 19, 10, true))
				s.put(t, w)
			}
			VPADDD(s.word(t), h, h)
			s.constant(h, constants.Offset(4*t))
			add(h, s.choose(e, f, g))
			add(h, s.sigma(e, 6, 11, 25, false))
			VPADDD(h, d, d)
			add(h, s.majority(a, b, c, &bc, &bc))
			add(h, s.sigma(a, 2, 13, 22, false))
			a, b, c, d, e, f, g, h = h, a, b, c, d, e, f, g
		}
		if _, ok := s.(*old); ok {
			p.give(bc)
		}
	})
}
