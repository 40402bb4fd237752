package client

import (
	"context"
	"io"
	"time"

	"github.com/shoal-bt/shoal/client/internal/reading"
)

// A Reader reads a file while it is downloaded. It waits for bytes until they are checked and
// written, and has what it reads next downloaded before the rest. It is an io.ReadSeekCloser and
// an io.ReaderAt. All methods may be called concurrently; calls of Read wait for each other.
//
// Reads work in every phase. While the torrent is checked or paused they wait for missing bytes.
// If the torrent fails, they return its error, and work again after Resume. Errors match ErrRemoved
// or ErrClosed if the torrent was removed or the client closed, ErrReadOnly if missing bytes are
// not downloaded, and fs.ErrClosed after Close. io.EOF is returned as it is.
type Reader struct {
	torrent *running
	reader  *reading.Reader
}

// ReaderStats are the figures of a Reader at one moment.
type ReaderStats = reading.Stats

// NewReader returns a reader of the file, at its beginning. Close it when it is not needed any more.
// When ctx ends, its reads fail with the error of ctx, and nothing is downloaded for it any more.
//
// Readers say when they need pieces, as SetDeadline does; of each piece the earliest time counts, that
// of users included. If the user does not want a piece, it is wanted while a reader needs it and is
// missing. The record does not keep that. It fails if the torrent was removed or the client closed.
func (f File) NewReader(ctx context.Context) (*Reader, error) {
	var made *Reader
	err := f.torrent.change(func(r *running) error {
		if err := r.checkOpen(); err != nil {
			return err
		}
		made = &Reader{r, r.readers().NewReader(ctx, reading.File{Index: f.Index, Offset: f.Offset, Length: f.Length})}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// Read reads at the offset, and moves it. It waits until the first byte is there, and returns those
// behind it that are there as well, also if p has room for more.
func (r *Reader) Read(p []byte) (int, error) {
	n, err := r.reader.Read(p)
	return n, r.wrap(err)
}

// ReadAt reads at an offset until p is full or the file ends, and waits until all of it is there. It
// does not change the offset of Read.
func (r *Reader) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.reader.ReadAt(p, off)
	return n, r.wrap(err)
}

// Seek sets the offset of the next Read, which may be behind the end, and returns it. It reads
// nothing. A Read that waits goes on at the new offset.
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	n, err := r.reader.Seek(offset, whence)
	return n, r.wrap(err)
}

// SetAhead sets how many bytes behind its offset the reader asks for before they are read. 0 is
// the default: what it reads in 10 s at its present rate, from 4 MiB, or two pieces if these are
// longer, to 64 MiB. A negative number asks for nothing but what a Read needs. No more than 4,096
// pieces are asked for.
func (r *Reader) SetAhead(bytes int64) { r.reader.SetAhead(bytes) }

// Close ends calls that wait, and what is downloaded for the reader alone. It returns nil.
func (r *Reader) Close() error { return r.reader.Close() }

func (r *Reader) wrap(err error) error {
	if err == io.EOF {
		return err
	}
	return r.torrent.wrapError(err)
}

// Readers returns the figures of the readers that are open, in the order in which they were opened.
// The slice is the caller's.
func (t *Torrent) Readers() []ReaderStats {
	r, isRunning := t.now().(*running)
	if !isRunning {
		return nil
	}
	return r.madeReaders().Readers()
}

// newReaders returns what all readers of the torrent share. deadlines are those that the user has set.
func (t *running) newReaders(deadlines map[int]time.Time) *reading.Set {
	return reading.New(reading.Config{Torrent: t.engine, Geometry: &t.geometry, Priority: t.wants.Piece, User: deadlines})
}

// readers returns what newReaders does, which is made when it is needed.
func (t *running) readers() *reading.Set {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.reading == nil {
		t.reading = t.newReaders(nil)
	}
	return t.reading
}

// madeReaders returns what readers has made, or nil.
func (t *running) madeReaders() *reading.Set {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.reading
}
