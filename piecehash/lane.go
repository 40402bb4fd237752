package piecehash

import "encoding/binary"

// blockLen is the length of a block of both hashes, in bytes.
const blockLen = 64

// A lane is one message that a kernel hashes beside others.
type lane struct {
	piece   int      // its index in the batch
	hashed  uint64   // bytes that kernels have hashed
	run     []byte   // the next bytes
	pending [][]byte // the runs after them

	// buf holds a block that is spread over several runs, and the last block with
	// its padding. Either its first buffered bytes are an incomplete block, or
	// bufBlocks blocks from byte bufFrom on are ready for a kernel.
	buf       [2 * blockLen]byte
	buffered  int
	bufFrom   int
	bufBlocks int
	padded    bool // the padding was put into buf
	more      bool // the message continues in another batch: no padding yet
}

// ready gets a complete block of the lane ready. It reports false if the message is
// finished.
func (l *lane) ready(b *batcher) bool {
	for {
		switch {
		case l.bufBlocks > 0 || (l.buffered == 0 && len(l.run) >= blockLen):
			return true
		case len(l.run) > 0:
			n := copy(l.buf[l.buffered:blockLen], l.run)
			l.run = l.run[n:]
			l.buffered += n
			if l.buffered == blockLen {
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

// pad puts the padding of the message into buf: FIPS 180-4, section 5.1.1.
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

// next returns the address of the next blocks of a lane that is ready, and their number.
func (l *lane) next() (*byte, int) {
	if l.bufBlocks > 0 {
		return &l.buf[l.bufFrom], l.bufBlocks
	}
	return &l.run[0], len(l.run) / blockLen
}

// skip drops blocks that were hashed.
func (l *lane) skip(blocks int) {
	l.hashed += uint64(blocks) * blockLen
	if l.bufBlocks > 0 {
		l.bufBlocks -= blocks
		l.bufFrom += blocks * blockLen
		return
	}
	l.run = l.run[blocks*blockLen:]
}
