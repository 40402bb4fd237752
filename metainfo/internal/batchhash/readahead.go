package batchhash

import (
	"io"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A read reads one run ahead, while those before it are hashed.
type read struct {
	from   io.ReaderAt
	off    int64
	buf    *[]byte // from a pool
	n      int     // bytes to read
	blocks int     // the number of blocks in them
	rate   float64 // in bytes a second
	err    error
	done   chan struct{}
}

// serveReads carries out reads one after the other, in the order in which they will be
// hashed, because two calls at once would make a disk seek.
func serveReads(in <-chan *read, done chan<- struct{}) {
	defer close(done)
	for r := range in {
		start := time.Now()
		n, err := r.from.ReadAt((*r.buf)[:r.n], r.off)
		if n == r.n {
			err = nil
		} else if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		r.rate, r.err = float64(r.n)/time.Since(start).Seconds(), err
		r.done <- struct{}{}
	}
}

// startRead requests the next run of a piece if it has to be read and was not requested
// before.
func (h *Hasher) startRead(p *piece) {
	if p.pending != nil || p.err != nil || p.next*swarm.BlockLen >= p.length {
		return
	}
	blocks, n := h.nextRead(p)
	if blocks == 0 || p.v.Stored == nil {
		return
	}
	var r *read
	if k := len(h.spareReads); k > 0 {
		r, h.spareReads = h.spareReads[k-1], h.spareReads[:k-1]
	} else {
		r = &read{done: make(chan struct{}, 1)}
	}
	r.from, r.off = p.v.Stored, p.offset+int64(p.next)*swarm.BlockLen
	r.buf, r.n, r.blocks = runPool(n).Get().(*[]byte), n, blocks
	if h.reads == nil {
		h.reads, h.readerDone = make(chan *read, leavesAtOnce), make(chan struct{})
		go serveReads(h.reads, h.readerDone)
	}
	h.reads <- r
	p.pending = r
}

// startNextPiece requests the first run of the next piece.
func (h *Hasher) startNextPiece() {
	if h.started < len(h.pieces) {
		h.startRead(&h.pieces[h.started])
		h.started++
	}
}

// finishRead waits until the pending run of a piece is read.
func (h *Hasher) finishRead(p *piece) (buf *[]byte, n, blocks int, err error) {
	r := p.pending
	<-r.done
	h.rate = r.rate
	buf, n, blocks, err = r.buf, r.n, r.blocks, r.err
	p.pending, r.from, r.buf = nil, nil, nil
	h.spareReads = append(h.spareReads, r)
	return buf, n, blocks, err
}

// endReads waits for all reads and for serveReads to return.
func (h *Hasher) endReads() {
	for n := range h.pieces {
		if p := &h.pieces[n]; p.pending != nil {
			buf, _, _, _ := h.finishRead(p)
			runPool(len(*buf)).Put(buf)
		}
	}
	if h.reads != nil {
		close(h.reads)
		<-h.readerDone
		h.reads, h.readerDone = nil, nil
	}
	h.spareReads = nil // a channel of one synctest bubble must not be used in another
}
