package metainfo

import (
	"io"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A read is a run that is read ahead, while those before it are hashed.
type read struct {
	from   io.ReaderAt
	off    int64
	buf    *[]byte // from a pool
	n      int     // bytes to read
	blocks int     // that these are
	rate   float64 // at which they came, in bytes a second
	err    error
	done   chan struct{}
}

// serveReads reads what comes in one after the other, so that a storage is never asked
// for two things at once, and in the order in which they will be hashed.
func serveReads(in <-chan *read, over chan<- struct{}) {
	defer close(over)
	for f := range in {
		start := time.Now()
		n, err := f.from.ReadAt((*f.buf)[:f.n], f.off)
		if n == f.n {
			err = nil
		} else if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		f.rate, f.err = float64(f.n)/time.Since(start).Seconds(), err
		f.done <- struct{}{}
	}
}

// startRead begins to read the next run of a piece, if it is one that has to be read and
// nobody has begun.
func (s *batchHasher) startRead(p *piece) {
	if p.pending != nil || p.err != nil || p.next*swarm.BlockLen >= p.length {
		return
	}
	blocks, n := s.nextRead(p)
	if blocks == 0 || p.v.Stored == nil {
		return
	}
	var f *read
	if k := len(s.spareReads); k > 0 {
		f, s.spareReads = s.spareReads[k-1], s.spareReads[:k-1]
	} else {
		f = &read{done: make(chan struct{}, 1)}
	}
	f.from, f.off, f.buf, f.n, f.blocks = p.v.Stored, p.offset+int64(p.next)*swarm.BlockLen, runPool(n).Get().(*[]byte), n, blocks
	if s.reads == nil {
		s.reads, s.readerDone = make(chan *read, leavesAtOnce), make(chan struct{})
		go serveReads(s.reads, s.readerDone)
	}
	s.reads <- f
	p.pending = f
}

// startNextPiece begins to read the first run of the next piece that was not begun.
func (s *batchHasher) startNextPiece() {
	if s.started < len(s.pieces) {
		s.startRead(&s.pieces[s.started])
		s.started++
	}
}

// finishRead waits for the run that is read ahead, and gives up its fetch.
func (s *batchHasher) finishRead(p *piece) (buf *[]byte, n, blocks int, err error) {
	f := p.pending
	<-f.done
	s.rate = f.rate
	buf, n, blocks, err = f.buf, f.n, f.blocks, f.err
	p.pending, f.from, f.buf = nil, nil, nil
	s.spareReads = append(s.spareReads, f)
	return buf, n, blocks, err
}

// endReads waits until nothing is being read any more.
func (s *batchHasher) endReads() {
	for n := range s.pieces {
		if p := &s.pieces[n]; p.pending != nil {
			buf, _, _, _ := s.finishRead(p)
			runPool(len(*buf)).Put(buf)
		}
	}
	if s.reads != nil {
		close(s.reads)
		<-s.readerDone
		s.reads, s.readerDone = nil, nil
	}
	s.spareReads = nil // a channel outlives no batch, lest a test on a fake clock meets it in the next
}
