package piecehash

import "encoding/binary"

// blockLen is the number of bytes that both hashes take up at a time.
const blockLen = 64

// A lane is one message on its way through a kernel.
type lane struct {
	piece   int      // index of it in the batch
	hashed  uint64   // bytes that kernels have taken up
	run     []byte   // bytes that come next
	pending [][]byte // runs that come after them

	// buf is where a block is put together that lies in several runs, and the
	// last block with its padding. Of it, held bytes wait for more; or whole
	// blocks, from its byte from on, wait for a kernel.
	buf       [2 * blockLen]byte
	buffered  int
	bufFrom   int
	bufBlocks int
	padded    bool // the padding is in hold, or through
	more      bool // more of the message comes in another batch: no padding
}

// ready makes sure that a whole block of the lane is at hand. It reports false
// if the message is through.
func (l *lane) ready(b *batcher) bool {
	for {
		switch {
		case l.bufBlocks > 0 || l.buffered == 0 && len(l.run) >= blockLen:
			return true
		case len(l.run) > 0:
			n := copy(l.buf[l.buffered:blockLen], l.run)
			l.run = l.run[n:]
			if l.buffered += n; l.buffered == blockLen {
				l.buffered, l.bufFrom, l.bufBlocks = 0, 0, 1
			}
		case l.padded:
			return false
		case b.nextRun(l):
		case l.more:
			return false
		default:
			l.pad()
		}
	}
}

// pad ends the message: FIPS 180-4, section 5.1.1.
func (l *lane) pad() {
	bits := (l.hashed + uint64(l.buffered)) * 8
	l.bufBlocks = 1
	if l.buffered+1+8 > blockLen {
		l.bufBlocks = 2
	}
	end := l.bufBlocks * blockLen
	l.buf[l.buffered] = 0x80
	clear(l.buf[l.buffered+1 : end-8])
	binary.BigEndian.PutUint64(l.buf[end-8:end], bits)
	l.buffered, l.bufFrom, l.padded = 0, 0, true
}

// next returns where the next blocks of a lane that is ready are, and how many.
func (l *lane) next() (*byte, int) {
	if l.bufBlocks > 0 {
		return &l.buf[l.bufFrom], l.bufBlocks
	}
	return &l.run[0], len(l.run) / blockLen
}

// skip passes over blocks that were hashed.
func (l *lane) skip(blocks int) {
	l.hashed += uint64(blocks) * blockLen
	if l.bufBlocks > 0 {
		l.bufBlocks -= blocks
		l.bufFrom += blocks * blockLen
		return
	}
	l.run = l.run[blocks*blockLen:]
}
