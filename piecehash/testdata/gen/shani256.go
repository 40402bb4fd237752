package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// sha256ni writes a function for SHA-256 with SHA instructions. SHA256RNDS2 reads the
// sums of words and constants from X0.
func sha256ni(name, doc string, lanes int) {
	k := newShani(name, doc, lanes, reg.X1, reg.X2, reg.X3, reg.X4, reg.X5, reg.X6, reg.X7,
		reg.X8, reg.X9, reg.X10, reg.X11, reg.X12, reg.X13, reg.X14, reg.X15)
	constants, sums := constants256(), reg.X0
	var abef, cdgh []vec // of each lane, a and c in the highest word, as the instructions want it
	for l := range lanes {
		abef = append(abef, k.gather(l, 5, 4, 1, 0))
		cdgh = append(cdgh, k.gather(l, 7, 6, 3, 2))
	}
	k.loop(func() {
		for l := range lanes {
			MOVO(abef[l], k.before(l, 0))
			MOVO(cdgh[l], k.before(l, 1))
		}
		newest := make([]vec, lanes) // message words
		for turn := range 16 {
			for l := range lanes {
				w := k.words256(l, turn, newest[l])
				newest[l] = w
				MOVO(w, sums)
				PADDD(constants.Offset(16*turn), sums)
				// Two rounds make the new abef in place of cdgh, and the old abef is the
				// new cdgh. After four rounds both are where they were.
				SHA256RNDS2(sums, abef[l], cdgh[l])
				PSHUFD(Imm(0x0e), sums, sums)
				SHA256RNDS2(sums, cdgh[l], abef[l])
			}
		}
		k.p.give(newest...)
		for l := range lanes {
			PADDD(k.before(l, 0), abef[l])
			PADDD(k.before(l, 1), cdgh[l])
		}
	})
	for l := range lanes {
		k.scatter(l, abef[l], 5, 4, 1, 0)
		k.scatter(l, cdgh[l], 7, 6, 3, 2)
	}
	RET()
}

// words256 is words1 for SHA-256: FIPS 180-4, section 6.2.2.
func (k *shani) words256(l, turn int, newest vec) vec {
	var w vec
	if turn < 4 {
		w = k.message(l, turn, flip())
	} else {
		w = k.p.take()
		MOVO(k.words(l, turn-4), w)
		SHA256MSG1(k.words(l, turn-3), w)
		t := k.p.take()
		MOVO(newest, t)
		PALIGNR(Imm(4), k.words(l, turn-2), t)
		PADDD(t, w)
		k.p.give(t)
		SHA256MSG2(newest, w)
	}
	if turn > 0 {
		k.p.give(newest)
	}
	if turn < 14 {
		MOVO(w, k.words(l, turn))
	}
	return w
}
