package conns

import (
	"bytes"
	"sync"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
)

const (
	// scatterBlocks is how many blocks one read of a scatter brings at most: their messages
	// fit into a large buffer.
	scatterBlocks = largeBuffer / blockMessage
	blockMessage  = peerwire.PieceHeaderLen + swarm.BlockLen

	// fewCredits is the number of requested blocks below which a buffer does as well.
	fewCredits = 8
)

// A scatter is what a busy connection reads into instead of a buffer. Requested blocks
// come one behind the other, so one call reads the headers and the payloads of the next
// ones into memory of their own, and no payload is copied. Anything else that comes goes
// back into a buffer and is decoded there.
type scatter struct {
	headers [scatterBlocks][peerwire.PieceHeaderLen]byte
	blocks  [scatterBlocks][]byte // each of swarm.BlockLen bytes
	filled  int                   // bytes that came: of a header, its block, the next header …
	vec     [][]byte              // what the next read fills
}

// scatters are shared by the connections that are busy.
var scatters = sync.Pool{New: func() any {
	s := new(scatter)
	for i := range s.blocks {
		s.blocks[i] = make([]byte, swarm.BlockLen)
	}
	return s
}}

// A vectorReader reads from a socket into several slices with one call. Like Read, it
// waits until there is something.
type vectorReader interface {
	ReadVec(vec [][]byte) (int, error)
}

// read reads what follows the bytes that came.
func (s *scatter) read(r vectorReader) (n int, err error) {
	s.vec = s.vec[:0]
	before := s.filled
	for i := range s.blocks {
		before = s.addSpace(s.headers[i][:], before)
		before = s.addSpace(s.blocks[i], before)
	}
	n, err = r.ReadVec(s.vec)
	s.filled += n
	return n, err
}

// addSpace adds p to what is read next, without the bytes that came before. It returns how
// many of these are behind p.
func (s *scatter) addSpace(p []byte, before int) int {
	if before < len(p) {
		s.vec = append(s.vec, p[before:])
	}
	return max(0, before-len(p))
}

// put puts bytes into an empty scatter, as if they were read.
func (s *scatter) put(p []byte) {
	n := copy(s.headers[0][:], p)
	s.filled = n + copy(s.blocks[0], p[n:])
}

// drop forgets the first n messages, which are whole. Their blocks are used again.
func (s *scatter) drop(n int) {
	s.filled -= n * blockMessage
	for i := 0; n > 0 && i*blockMessage < s.filled; i++ {
		s.headers[i] = s.headers[n+i]
		s.blocks[i], s.blocks[n+i] = s.blocks[n+i], s.blocks[i]
	}
}

// moveTo moves all bytes to p, which has room for them, and returns how many there were.
func (s *scatter) moveTo(p []byte) (n int) {
	for i := 0; n < s.filled; i++ {
		n += copy(p[n:], s.headers[i][:min(len(s.headers[i]), s.filled-n)])
		n += copy(p[n:], s.blocks[i][:min(len(s.blocks[i]), s.filled-n)])
	}
	s.filled = 0
	return n
}

// blockPrefix is how the message of a whole block begins.
var blockPrefix = peerwire.AppendPieceHeader(nil, swarm.Block{Length: swarm.BlockLen})[:5]

// mayBeBlock reports whether what has come of a header can be that of a whole block, and
// returns the block if all of the header has come.
func (r *reader) mayBeBlock(header []byte) (b swarm.Block, ok bool) {
	if len(header) == peerwire.PieceHeaderLen {
		b, ok = r.decoder.PieceHeader(header)
		return b, ok && b.Length == swarm.BlockLen
	}
	n := min(len(header), len(blockPrefix))
	return b, bytes.Equal(header[:n], blockPrefix[:n])
}

// beginScatter reads into a scatter from now on if whole blocks are probably next: many
// are requested, and what is left in the buffer begins one, or nothing.
func (r *reader) beginScatter() {
	left := r.buf[r.from:r.to]
	isBusy := r.pooled != nil && r.conn.tally.Credits() >= fewCredits
	if r.vectors == nil || !isBusy || len(left) >= blockMessage {
		return
	}
	_, isBlock := r.mayBeBlock(left[:min(len(left), peerwire.PieceHeaderLen)])
	if !isBlock {
		return
	}
	r.scattered = scatters.Get().(*scatter)
	r.scattered.put(left)
	r.releasePooled()
	r.buf, r.from, r.to = nil, 0, 0
}

// endScatter reads into a buffer again.
func (r *reader) endScatter() {
	s := r.scattered
	r.scattered = nil
	r.pooled = largeBuffers.Get().(*[largeBuffer]byte)
	r.buf = r.pooled[:]
	r.from, r.to = 0, s.moveTo(r.buf)
	scatters.Put(s)
}

// takeBlocks posts the whole blocks of a scatter, as one batch. If it finds something else,
// it ends the scatter, and so it does when few blocks are left to come.
func (r *reader) takeBlocks() error {
	s := r.scattered
	var b *protocol.Received
	n, isBlock := 0, true
	for ; n < scatterBlocks; n++ {
		came := min(s.filled-n*blockMessage, blockMessage)
		var block swarm.Block
		block, isBlock = r.mayBeBlock(s.headers[n][:min(came, peerwire.PieceHeaderLen)])
		if !isBlock || came < blockMessage {
			break
		}
		if b == nil {
			b = r.batch()
			if b == nil {
				return protocol.ErrClosed
			}
		}
		m := peerwire.Message{Kind: peerwire.Piece, Block: block}
		if r.conn.tally.Admit(block.Length) {
			m.Data, s.blocks[n] = s.blocks[n], r.conn.sockets.Memory.Blocks.Buffer()
		}
		b.Messages = append(b.Messages, m)
	}
	if b != nil {
		r.conn.owner.Post(b)
	}
	s.drop(n)
	if !isBlock || r.conn.tally.Credits() < fewCredits {
		r.endScatter()
	}
	return nil
}
