package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// old is 8 lanes in the registers of AVX2. It holds the message words on the
// stack.
type old struct {
	p     *pool
	stack reg.GPVirtual
}

func newOld() shape {
	return &old{p: newPool(reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
		reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15)}
}

// begin sets room on the stack aside, so that no vector in it lies across two
// cache lines.
func (o *old) begin() {
	m := AllocLocal(16*32 + 32)
	o.stack = GP64()
	LEAQ(m.Offset(31), o.stack)
	ANDQ(I32(-32), o.stack)
}

func (*old) lanes() int    { return 8 }
func (o *old) pool() *pool { return o.p }
func (*old) reset()        {}

func (o *old) unpack(bytes int, upper bool, x, y vec) vec { return unpack(o.p, bytes, upper, x, y) }

func (o *old) finish(g []vec) []vec {
	lower := o.p.take()
	VPERM2I128(Imm(0x20), g[1], g[0], lower)
	VPERM2I128(Imm(0x31), g[1], g[0], g[1])
	o.p.give(g[0])
	return []vec{lower, g[1]}
}

func (o *old) word(n int) Op { return Mem{Base: o.stack, Disp: 32 * (n % 16)} }

func (o *old) put(n int, x vec) {
	VMOVDQA(x, o.word(n))
	o.p.give(x)
}

func (o *old) edit(n int) vec {
	x := o.p.take()
	VMOVDQA(o.word(n), x)
	return x
}

func (o *old) xor3(dst vec, x, y Op) {
	VPXOR(x, dst, dst)
	VPXOR(y, dst, dst)
}

func (o *old) choose(x, y, z vec) vec {
	dst := o.p.take()
	VPXOR(z, y, dst)
	VPAND(x, dst, dst)
	VPXOR(z, dst, dst)
	return dst
}

func (o *old) parity(x, y, z vec) vec {
	dst := o.p.take()
	VPXOR(y, x, dst)
	VPXOR(z, dst, dst)
	return dst
}

// majority takes yz, which is y xor z, if it is given, and sets xy to x xor y for
// the next round, whose y and z are x and y of this one.
func (o *old) majority(x, y, z vec, xy, yz *vec) vec {
	dst, t := o.p.take(), o.p.take()
	if xy == nil {
		VPAND(y, x, t)
		VPXOR(y, x, dst)
		VPAND(z, dst, dst)
		VPOR(t, dst, dst)
		o.p.give(t)
		return dst
	}
	VPXOR(y, x, t)
	VPAND(t, *yz, dst)
	VPXOR(y, dst, dst)
	o.p.give(*yz)
	*xy = t
	return dst
}

func (o *old) rotate(n int, dst, x vec) {
	t := o.p.take()
	if n == 1 {
		VPSRLD(Imm(31), x, t)
		VPADDD(x, x, dst)
	} else {
		VPSRLD(Imm(uint64(32-n)), x, t)
		VPSLLD(Imm(uint64(n)), x, dst)
	}
	VPOR(t, dst, dst)
	o.p.give(t)
}

func (o *old) sigma(x Op, r0, r1, r2 int, shift bool) vec {
	dst, t := o.p.take(), o.p.take()
	in, ok := x.(vec)
	if !ok {
		in = o.p.take()
		VMOVDQA(x, in)
	}
	VPSRLD(Imm(uint64(r0)), in, dst)
	for _, n := range []int{32 - r0, -r1, 32 - r1, -r2, 32 - r2} {
		switch {
		case n < 0:
			VPSRLD(Imm(uint64(-n)), in, t)
		case shift && n == 32-r2:
			continue
		default:
			VPSLLD(Imm(uint64(n)), in, t)
		}
		VPXOR(t, dst, dst)
	}
	if !ok {
		o.p.give(in)
	}
	o.p.give(t)
	return dst
}

func (o *old) load(x vec, m Mem)  { VMOVDQU(m, x) }
func (o *old) store(m Mem, x vec) { VMOVDQU(x, m) }

func (o *old) constant(dst vec, m Mem) {
	t := o.p.take()
	VPBROADCASTD(m, t)
	VPADDD(t, dst, dst)
	o.p.give(t)
}
