package reading

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/engine"
)

// askPart is the part of what a reader asks for after which it asks for more.
const askPart = 8

// askPause is the least time between two changes of the wishes of a reader that does not seek.
const askPause = 100 * time.Millisecond

var (
	errClosed   = fmt.Errorf("the reader is closed: %w", fs.ErrClosed)
	errNegative = errors.New("a negative offset: offsets in a file begin at 0")
	errWhence   = errors.New("an unknown whence: use io.SeekStart, io.SeekCurrent or io.SeekEnd")
)

// A File is where the bytes of a file are.
type File struct {
	Index          int
	Offset, Length int64 // in the torrent, in bytes
}

// A Reader reads a file, and waits for bytes that are not there. Its methods may be called
// concurrently; calls of Read wait for each other.
type Reader struct {
	set    *Set
	file   File
	ctx    context.Context // ends when the user's does, and with Close
	end    context.CancelCauseFunc
	slot   chan struct{} // has the Read that is under way
	wisher wisher        // of Read; guarded by set.mu

	mu      sync.Mutex         // guards what follows
	off     int64              // of the next Read, in the file
	seeks   int                // how often it was set
	wake    context.CancelFunc // ends the wait of a Read; nil if none waits
	need    int64              // bytes for which a Read is under way
	chosen  int64              // by SetAhead
	meter   meter
	asked   window
	askedAt time.Time // zero for never
}

// NewReader returns a reader of a file, at its beginning. When ctx ends, reads fail and the
// reader wishes for nothing any more, as after Close.
func (s *Set) NewReader(ctx context.Context, f File) *Reader {
	r := &Reader{set: s, file: f, slot: make(chan struct{}, 1)}
	r.ctx, r.end = context.WithCancelCause(ctx)
	s.mu.Lock()
	s.readers = append(s.readers, r)
	s.mu.Unlock()
	context.AfterFunc(r.ctx, r.leave)
	return r
}

// leave drops the wishes of the reader. It may be called again.
func (r *Reader) leave() {
	r.set.leave(&r.wisher)
	r.set.remove(r)
}

// Close ends the calls of Read and ReadAt that are under way, and drops the reader's wishes. It
// does not wait for the calls, and always returns nil.
func (r *Reader) Close() error {
	r.end(errClosed)
	r.leave()
	return nil
}

// ended returns why the reader has ended; nil if it has not.
func (r *Reader) ended() error {
	err := r.ctx.Err()
	cause := context.Cause(r.ctx)
	if err == nil || cause == errClosed || errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// Seek sets the offset of the next Read, as an io.Seeker does. It reads nothing, so it does not
// wait. A Read that waits goes on at the new offset. Offsets behind the end are allowed.
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	err := r.ended()
	if err != nil {
		return 0, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += r.off
	case io.SeekEnd:
		offset += r.file.Length
	default:
		return 0, errWhence
	}
	if offset < 0 {
		return 0, errNegative
	}
	if offset != r.off {
		r.off = offset
		r.seeks++
		if r.wake != nil {
			r.wake()
		}
	}
	return offset, nil
}

// SetAhead sets how many bytes behind its offset the reader asks for before they are read. 0 is
// the default: what is read in 10 s at the present rate, from 4 MiB, or two pieces if they are
// longer, to 64 MiB. A negative number asks for nothing but what a Read needs. No more than 4,096
// pieces are asked for.
func (r *Reader) SetAhead(bytes int64) {
	now := time.Now()
	r.mu.Lock()
	r.chosen = bytes
	if r.askedAt.IsZero() || r.ctx.Err() != nil {
		r.mu.Unlock()
		return
	}
	w, p := r.moveTo(now, window{}, r.off, r.need)
	r.mu.Unlock()
	r.set.wishWindow(&r.wisher, r.file, w, p)
}

// Read reads at the offset, and moves it. It waits until the first byte is there, and returns the
// bytes behind it that are there as well, also if they are fewer than p has room for.
func (r *Reader) Read(p []byte) (int, error) {
	select {
	case r.slot <- struct{}{}:
	case <-r.ctx.Done():
		return 0, r.ended()
	}
	defer func() { <-r.slot }()
	r.mu.Lock()
	r.meter.begin(time.Now())
	r.mu.Unlock()
	for {
		n, isDone, err := r.tryRead(p)
		if isDone || err != nil {
			return n, err
		}
	}
}

// tryRead reads what is there, or waits until something is, or until the offset was set.
func (r *Reader) tryRead(p []byte) (n int, isDone bool, err error) {
	if err := r.ended(); err != nil {
		return 0, true, err
	}
	r.mu.Lock()
	off, seeks := r.off, r.seeks
	r.mu.Unlock()
	switch {
	case len(p) == 0:
		return 0, true, nil
	case off >= r.file.Length:
		return 0, true, io.EOF
	}
	p = p[:min(int64(len(p)), r.file.Length-off)]
	r.ask(off, int64(len(p)), false)
	n, err = r.set.readHeld(p, r.file.Offset+off)
	if n == 0 && errors.Is(err, engine.ErrNoPiece) {
		r.ask(off, int64(len(p)), true)
		return 0, false, r.await(off, seeks)
	}
	r.advance(seeks, n)
	return n, true, err
}

// advance moves the offset behind what was read, unless it was set meanwhile.
func (r *Reader) advance(seeks, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.meter.add(time.Now(), n)
	r.need = 0
	if r.seeks == seeks {
		r.off += int64(n)
	}
}

// await waits until the piece with the byte at off is held, or the offset was set.
func (r *Reader) await(off int64, seeks int) error {
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	r.mu.Lock()
	if r.seeks != seeks {
		r.mu.Unlock()
		return nil
	}
	r.wake = cancel
	r.mu.Unlock()
	err := r.set.await(ctx, &r.wisher, r.set.pieceAt(r.file.Offset+off))
	r.mu.Lock()
	r.wake = nil
	r.mu.Unlock()
	if ctx.Err() != nil {
		return r.ended() // nil after a Seek
	}
	return err
}

// ask wishes for the n bytes at off, which a Read needs, and for those ahead. While the reader goes
// on, it asks for more when an eighth of what it may ask for has been read; if a byte is missing,
// sooner.
func (r *Reader) ask(off, n int64, isMissing bool) {
	now := time.Now()
	n = min(n, maxAhead)
	r.mu.Lock()
	r.need = n
	budget := ahead(r.chosen, r.meter.rate, r.set.config.Geometry.PieceLength)
	next := r.asked.move(off, n, budget, r.file.Length)
	isInside := r.asked.first <= off && off+n <= r.asked.end
	isAhead := isInside && next.end-r.asked.end < max(budget/askPart, 1)
	switch {
	case !isMissing && (isAhead || budget == 0),
		isMissing && isInside && now.Sub(r.askedAt) < askPause:
		r.mu.Unlock()
		return
	}
	w, p := r.moveTo(now, r.asked, off, n)
	r.mu.Unlock()
	r.set.wishWindow(&r.wisher, r.file, w, p)
}

// moveTo sets what the reader asks for. The caller holds r.mu.
func (r *Reader) moveTo(now time.Time, from window, off, n int64) (window, pace) {
	budget := ahead(r.chosen, r.meter.rate, r.set.config.Geometry.PieceLength)
	r.asked, r.askedAt = from.move(off, n, budget, r.file.Length), now
	return r.asked, paceOf(now, off, r.meter.rate, budget)
}

// ReadAt reads len(p) bytes at an offset, and waits until all of them are there. The offset of Read
// does not matter and does not change.
func (r *Reader) ReadAt(p []byte, off int64) (n int, err error) {
	err = r.ended()
	switch {
	case err != nil:
		return 0, err
	case off < 0:
		return 0, errNegative
	case len(p) == 0:
		return 0, nil
	case off >= r.file.Length:
		return 0, io.EOF
	}
	short := int64(len(p)) > r.file.Length-off
	if short {
		p, err = p[:r.file.Length-off], io.EOF
	}
	var by wisher
	defer func() {
		if by != (wisher{}) {
			r.set.leave(&by)
		}
	}()
	for n < len(p) {
		m, problem := r.set.readHeld(p[n:], r.file.Offset+off+int64(n))
		n += m
		if m == 0 && errors.Is(problem, engine.ErrNoPiece) {
			problem = r.awaitAt(&by, window{off + int64(n), off + int64(len(p))})
		}
		if problem != nil {
			return n, problem
		}
	}
	return n, err
}

// awaitAt waits until the first byte of a window is there, and asks for the others as well.
func (r *Reader) awaitAt(by *wisher, w window) error {
	w.end = min(w.end, w.first+maxAhead)
	r.mu.Lock()
	rate := r.meter.rate
	r.mu.Unlock()
	r.set.wishWindow(by, r.file, w, paceOf(time.Now(), w.first, rate, minAhead))
	err := r.set.await(r.ctx, by, r.set.pieceAt(r.file.Offset+w.first))
	if r.ctx.Err() != nil {
		return r.ended()
	}
	return err
}
