package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// evex is what the two shapes of AVX-512 share. It holds all message words in
// registers.
type evex struct {
	p     *pool
	words [16]vec
}

// long is 16 lanes in registers of 64 bytes.
type long struct{ evex }

// short is 8 lanes in registers of 32 bytes.
type short struct{ evex }

func newLong() shape {
	return &long{evex{p: newPool(
		reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7, reg.Z8, reg.Z9, reg.Z10,
		reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15, reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21,
		reg.Z22, reg.Z23, reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31)}}
}

func newShort() shape {
	return &short{evex{p: newPool(
		reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7, reg.Y8, reg.Y9, reg.Y10,
		reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15, reg.Y16, reg.Y17, reg.Y18, reg.Y19, reg.Y20, reg.Y21,
		reg.Y22, reg.Y23, reg.Y24, reg.Y25, reg.Y26, reg.Y27, reg.Y28, reg.Y29, reg.Y30, reg.Y31)}}
}

func (*long) lanes() int    { return 16 }
func (*short) lanes() int   { return 8 }
func (e *evex) pool() *pool { return e.p }

func (e *evex) unpack(bytes int, upper bool, x, y vec) vec { return unpack(e.p, bytes, upper, x, y) }

// quarters picks two times 16 bytes of x, and two of y.
func (e *evex) quarters(pick uint64, x, y vec) vec {
	dst := e.p.take()
	VSHUFI32X4(Imm(pick), y, x, dst)
	return dst
}

func (l *long) finish(g []vec) []vec {
	a, b := l.quarters(0x44, g[0], g[1]), l.quarters(0xee, g[0], g[1])
	l.p.give(g[0], g[1])
	c, d := l.quarters(0x44, g[2], g[3]), l.quarters(0xee, g[2], g[3])
	l.p.give(g[2], g[3])
	w, x := l.quarters(0x88, a, c), l.quarters(0xdd, a, c)
	l.p.give(a, c)
	y, z := l.quarters(0x88, b, d), l.quarters(0xdd, b, d)
	l.p.give(b, d)
	return []vec{w, x, y, z}
}

func (s *short) finish(g []vec) []vec {
	w, x := s.quarters(0, g[0], g[1]), s.quarters(3, g[0], g[1])
	s.p.give(g...)
	return []vec{w, x}
}

func (e *evex) put(n int, x vec) { e.words[n%16] = x }
func (e *evex) word(n int) Op    { return e.words[n%16] }
func (e *evex) edit(n int) vec   { return e.words[n%16] }
func (e *evex) reset()           { e.p.give(e.words[:]...) }

// logic sets dst to a function of its old value, x and y. Bit 4a+2b+c of table is
// the result for bits a, b and c of them.
func logic(table uint64, dst vec, x, y Op) { VPTERNLOGD(Imm(table), y, x, dst) }

// of3 is a function of three registers that stay as they are.
func (e *evex) of3(table uint64, x, y, z vec) vec {
	dst := e.p.take()
	VMOVDQA32(x, dst)
	logic(table, dst, y, z)
	return dst
}

func (e *evex) xor3(dst vec, x, y Op)               { logic(0x96, dst, x, y) }
func (e *evex) choose(x, y, z vec) vec              { return e.of3(0xca, x, y, z) }
func (e *evex) parity(x, y, z vec) vec              { return e.of3(0x96, x, y, z) }
func (e *evex) majority(x, y, z vec, _, _ *vec) vec { return e.of3(0xe8, x, y, z) }
func (e *evex) rotate(n int, dst, x vec)            { VPROLD(Imm(uint64(n)), x, dst) }
func (e *evex) load(x vec, m Mem)                   { VMOVDQU32(m, x) }
func (e *evex) store(m Mem, x vec)                  { VMOVDQU32(x, m) }
func (e *evex) constant(dst vec, m Mem)             { VPADDD_BCST(m, dst, dst) }

func (e *evex) sigma(x Op, r0, r1, r2 int, shift bool) vec {
	a, b, c := e.p.take(), e.p.take(), e.p.take()
	VPRORD(Imm(uint64(r0)), x, a)
	VPRORD(Imm(uint64(r1)), x, b)
	if shift {
		VPSRLD(Imm(uint64(r2)), x, c)
	} else {
		VPRORD(Imm(uint64(r2)), x, c)
	}
	e.xor3(a, b, c)
	e.p.give(b, c)
	return a
}
