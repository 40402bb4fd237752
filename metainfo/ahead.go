package metainfo

import (
	"io"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A fetch is a run that is read ahead, while those before it are hashed.
type fetch struct {
	from   io.ReaderAt
	off    int64
	buf    *[]byte // from a pool
	n      int     // bytes to read
	blocks int     // that these are
	rate   float64 // at which they came, in bytes a second
	err    error
	done   chan struct{}
}

// fetches reads what comes in one after the other, so that a storage is never asked
// for two things at once, and in the order in which they will be hashed.
func fetches(in <-chan *fetch, over chan<- struct{}) {
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

// fetch begins to read the next run of a piece, if it is one that has to be read and
// nobody has begun.
func (s *batchHasher) fetch(p *piece) {
	if p.ahead != nil || p.err != nil || p.block*swarm.BlockLen >= p.length {
		return
	}
	blocks, n := s.toRead(p)
	if blocks == 0 || p.v.Stored == nil {
		return
	}
	var f *fetch
	if k := len(s.spare); k > 0 {
		f, s.spare = s.spare[k-1], s.spare[:k-1]
	} else {
		f = &fetch{done: make(chan struct{}, 1)}
	}
	f.from, f.off, f.buf, f.n, f.blocks = p.v.Stored, p.offset+int64(p.block)*swarm.BlockLen, pool(n).Get().(*[]byte), n, blocks
	if s.reads == nil {
		s.reads, s.over = make(chan *fetch, leavesAtOnce), make(chan struct{})
		go fetches(s.reads, s.over)
	}
	s.reads <- f
	p.ahead = f
}

// fetchNext begins to read the first run of the next piece that was not begun.
func (s *batchHasher) fetchNext() {
	if s.begun < len(s.pieces) {
		s.fetch(&s.pieces[s.begun])
		s.begun++
	}
}

// fetched waits for the run that is read ahead, and gives up its fetch.
func (s *batchHasher) fetched(p *piece) (buf *[]byte, n, blocks int, err error) {
	f := p.ahead
	<-f.done
	s.rate = f.rate
	buf, n, blocks, err = f.buf, f.n, f.blocks, f.err
	p.ahead, f.from, f.buf = nil, nil, nil
	s.spare = append(s.spare, f)
	return buf, n, blocks, err
}

// endFetches waits until nothing is being read any more.
func (s *batchHasher) endFetches() {
	for n := range s.pieces {
		if p := &s.pieces[n]; p.ahead != nil {
			buf, _, _, _ := s.fetched(p)
			pool(len(*buf)).Put(buf)
		}
	}
	if s.reads != nil {
		close(s.reads)
		<-s.over
		s.reads, s.over = nil, nil
	}
	s.spare = nil // a channel outlives no batch, lest a test on a fake clock meets it in the next
}
