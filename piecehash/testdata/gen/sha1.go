package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

var k1 *Mem

// constants1 are those of FIPS 180-4, section 4.2.1.
func constants1() Mem {
	if k1 == nil {
		m := GLOBL("k1", attr.RODATA|attr.NOPTR)
		for n, k := range []uint32{0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6} {
			DATA(4*n, U32(k))
		}
		k1 = &m
	}
	return *k1
}

// sha1 writes a function for SHA-1: FIPS 180-4, section 6.1.2.
func sha1(name, doc string, s func() shape) {
	begin(name, doc, s(), 5, func(k *kernel, state []vec) {
		s, p, constants := k.s, k.s.pool(), constants1()
		a, b, c, d, e := state[0], state[1], state[2], state[3], state[4]
		for t := range 80 {
			if t >= 16 {
				w := s.edit(t)
				s.xor3(w, s.word(t+2), s.word(t+8))
				xor(s, w, s.word(t+13))
				s.rotate(1, w, w)
				s.put(t, w)
			}
			VPADDD(s.word(t), e, e)
			s.constant(e, constants.Offset(t/20*4))
			var f vec
			switch t / 20 {
			case 0:
				f = s.choose(b, c, d)
			case 2:
				f = s.majority(b, c, d, nil, nil)
			default:
				f = s.parity(b, c, d)
			}
			VPADDD(f, e, e)
			s.rotate(5, f, a)
			VPADDD(f, e, e)
			p.give(f)
			s.rotate(30, b, b)
			a, b, c, d, e = e, a, b, c, d
		}
	})
}

// xor sets x to x xor y.
func xor(s shape, x vec, y Op) {
	if _, ok := s.(*old); ok {
		VPXOR(y, x, x)
		return
	}
	VPXORD(y, x, x)
}
