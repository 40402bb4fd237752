package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A shani is a function of SHA instructions. Each of them waits for the result of the
// one before it, if both are for the same message. So the function hashes several
// messages, its lanes, in turns of four rounds: while one lane waits, others proceed.
//
// SHA instructions reach 16 registers of 16 bytes, and overwrite one of their operands.
// So only the state of each lane and its newest message words stay in registers; older
// words are on the stack. Where these fit into registers too, with two lanes, that is
// no faster for SHA-1 and 3 % faster for SHA-256 (Zen 4). Four lanes fit, five do not.
//
// No block is asked for ahead of its use: with so few lanes the processor does that
// by itself.
type shani struct {
	lanes int
	p     *pool
	state reg.Register
	block []reg.Register // the addresses of the current block of each lane
	stack reg.GPVirtual
}

// slots is how many times 16 bytes each lane has on the stack: two for its state before
// the block, and four for the last message words.
const slots = 6

// newShani starts a function. free are the registers that it may use.
func newShani(name, doc string, lanes int, free ...vec) *shani {
	TEXT(name, attr.NOSPLIT, "func(state *[8][16]uint32, at *[16]*byte, blocks int)")
	Doc(name + " hashes blocks of 64 bytes, 1 or more, of each lane: " + doc)
	Pragma("noescape")
	k := &shani{lanes: lanes, p: newPool(free...)}
	k.state = Load(Param("state"), GP64())
	at := Load(Param("at"), GP64())
	for l := range lanes {
		r := GP64()
		MOVQ(Mem{Base: at, Disp: 8 * l}, r)
		k.block = append(k.block, r)
	}
	m := AllocLocal(16*slots*lanes + 16)
	k.stack = GP64()
	LEAQ(m.Offset(15), k.stack)
	ANDQ(I32(-16), k.stack)
	return k
}

// loop writes the loop over blocks. When body ends, each register must hold what it
// held when body began: the same part of the state, for the next block.
func (k *shani) loop(body func()) {
	blocks := Load(Param("blocks"), GP64())
	Label("block")
	body()
	for _, r := range k.block {
		ADDQ(Imm(64), r)
	}
	DECQ(blocks)
	JNE(LabelRef("block"))
}

// word is where word w of the state of lane l stands.
func (k *shani) word(l, w int) Mem { return Mem{Base: k.state, Disp: 64*w + 4*l} }

// gather returns a register with words of the state of lane l, the first of them in
// its lowest bytes.
func (k *shani) gather(l int, words ...int) vec {
	r := k.p.take()
	for n, w := range words {
		PINSRD(Imm(uint64(n)), k.word(l, w), r)
	}
	return r
}

// scatter is the opposite of gather.
func (k *shani) scatter(l int, r vec, words ...int) {
	for n, w := range words {
		PEXTRD(Imm(uint64(n)), r, k.word(l, w))
	}
}

// before is where half h of the state of lane l before the block is stored.
func (k *shani) before(l, h int) Mem { return k.slot(l, h) }

// words is where words 4*turn to 4*turn+3 of lane l are stored, until those of turn+4
// take their place.
func (k *shani) words(l, turn int) Mem { return k.slot(l, 2+turn%4) }

func (k *shani) slot(l, n int) Mem { return Mem{Base: k.stack, Disp: 16 * (slots*l + n)} }

// message returns a register with words 4*turn to 4*turn+3 of the message. flip is the
// order of their bytes.
func (k *shani) message(l, turn int, flip Mem) vec {
	w := k.p.take()
	MOVOU(Mem{Base: k.block[l], Disp: 16 * turn}, w)
	PSHUFB(flip, w)
	return w
}
