package stream

import (
	"errors"
	"io"
	"sync"
)

// A content is a file that an exchange sends. Its methods may be called concurrently.
type content struct {
	exchange *exchange
	torrent  Torrent
	index    int
	size     int64

	mu      sync.Mutex // held while a call runs
	reader  Reader     // nil before open and after close
	member  *member    // of the budget
	offset  int64
	failure error // of the last read
}

// open opens the reader. At most the given number of bytes will be read.
func (c *content) open(most int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	reader, err := c.torrent.Open(c.exchange.ctx, c.index)
	if err != nil {
		return err
	}
	c.reader = reader
	c.member = c.exchange.handler.budget.add(reader, most)
	if c.offset == 0 {
		return nil
	}
	_, err = reader.Seek(c.offset, io.SeekStart)
	return err
}

// Seek implements io.Seeker, also before open.
func (c *content) Seek(offset int64, whence int) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch whence {
	case io.SeekCurrent:
		offset += c.offset
	case io.SeekEnd:
		offset += c.size
	}
	if offset < 0 {
		return 0, errors.New("stream: an offset is negative")
	}
	c.offset = offset
	if c.reader == nil {
		return offset, nil
	}
	return c.reader.Seek(offset, io.SeekStart)
}

// Read implements io.Reader.
func (c *content) Read(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reader == nil {
		return 0, io.ErrClosedPipe
	}
	place := c.exchange.place
	place.startRead()
	n, err := c.reader.Read(b)
	place.endRead()
	c.offset += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.failure = err
	}
	return n, err
}

// failed returns the error of a read, apart from io.EOF.
func (c *content) failed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failure
}

// Close ends a read that is under way and closes the reader: http.ServeContent may return while a
// goroutine of its own still reads. It may be called again.
func (c *content) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reader == nil {
		return nil
	}
	c.exchange.handler.budget.remove(c.member)
	err := c.reader.Close()
	c.reader = nil
	return err
}
