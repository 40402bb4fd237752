package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// sha1ni writes a function for SHA-1 with SHA instructions.
func sha1ni(name, doc string, lanes int) {
	k := newShani(name, doc, lanes, reg.X0, reg.X1, reg.X2, reg.X3, reg.X4, reg.X5, reg.X6, reg.X7,
		reg.X8, reg.X9, reg.X10, reg.X11, reg.X12, reg.X13, reg.X14, reg.X15)
	var abcd []vec // of each lane, a in the highest word, as the instructions want it
	var e []vec    // of each lane, in the highest word; after the first turn it is not rotated yet
	for l := range lanes {
		abcd = append(abcd, k.gather(l, 3, 2, 1, 0))
		r := k.p.take()
		PXOR(r, r)
		PINSRD(Imm(3), k.word(l, 4), r)
		e = append(e, r)
	}
	// Each turn copies abcd, the next e, to a spare register, and then the register of
	// the old e is the spare one. If all lanes share one spare register, each e is back
	// in its place after lanes+1 turns, which must divide the 20 turns of a block. If
	// they do not, each lane has a spare register of its own.
	spare := []vec{k.p.take()}
	if 20%(lanes+1) != 0 {
		for range lanes - 1 {
			spare = append(spare, k.p.take())
		}
	}
	k.loop(func() {
		for l := range lanes {
			MOVO(abcd[l], k.before(l, 0))
			MOVO(e[l], k.before(l, 1))
		}
		newest := make([]vec, lanes) // message words
		for turn := range 20 {
			for l := range lanes {
				w := k.words1(l, turn, newest[l])
				newest[l] = w
				if turn == 0 {
					PADDD(w, e[l])
				} else {
					SHA1NEXTE(w, e[l])
				}
				next := &spare[l%len(spare)]
				MOVO(abcd[l], *next)
				SHA1RNDS4(Imm(uint64(turn/5)), e[l], abcd[l])
				e[l], *next = *next, e[l]
			}
		}
		k.p.give(newest...)
		for l := range lanes {
			PADDD(k.before(l, 0), abcd[l])
			SHA1NEXTE(k.before(l, 1), e[l])
		}
	})
	for l := range lanes {
		k.scatter(l, abcd[l], 3, 2, 1, 0)
		PEXTRD(Imm(3), e[l], k.word(l, 4))
	}
	RET()
}

// words1 returns a register with the message words of a turn, and stores them if later
// ones need them: FIPS 180-4, section 6.1.2. It gives back newest, the words of the turn
// before.
func (k *shani) words1(l, turn int, newest vec) vec {
	var w vec
	if turn < 4 {
		w = k.message(l, turn, reverse())
	} else {
		w = k.p.take()
		MOVO(k.words(l, turn-4), w)
		SHA1MSG1(k.words(l, turn-3), w)
		PXOR(k.words(l, turn-2), w)
		SHA1MSG2(newest, w)
	}
	if turn > 0 {
		k.p.give(newest)
	}
	if turn < 18 {
		MOVO(w, k.words(l, turn))
	}
	return w
}

var reversed *Mem

// reverse is the mask for PSHUFB that reverses the bytes of a register.
func reverse() Mem {
	if reversed == nil {
		m := GLOBL("reverse", attr.RODATA|attr.NOPTR)
		DATA(0, U64(0x08090a0b_0c0d0e0f))
		DATA(8, U64(0x00010203_04050607))
		reversed = &m
	}
	return *reversed
}
