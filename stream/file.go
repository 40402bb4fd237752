package stream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// serveFile answers a request for a file.
func (h *Handler) serveFile(w http.ResponseWriter, r *http.Request, t Torrent, index int, f File) {
	header := w.Header()
	header.Set("Content-Type", "application/octet-stream")
	header.Set("Content-Disposition", disposition("attachment", f.Path))
	header.Set("Cache-Control", "private, no-cache")
	if f.ETag != "" {
		header.Set("ETag", f.ETag)
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	content := &content{ctx: ctx, size: f.Length, open: func() (Reader, error) { return t.Open(ctx, index) }}
	defer content.close(cancel)
	http.ServeContent(w, limitRanges(r), "", time.Time{}, content)
}

// A content is a file that is opened when it is first read, so that a request that needs no
// bytes, such as HEAD, downloads none.
type content struct {
	ctx  context.Context
	size int64
	open func() (Reader, error)

	mu       sync.Mutex // held while a call runs
	reader   Reader     // nil before the first read
	offset   int64
	isClosed bool
}

// Seek implements io.Seeker.
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
		return 0, errors.New("stream: negative offset")
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
	err := c.openLocked()
	if err != nil {
		return 0, err
	}
	n, err := c.reader.Read(b)
	c.offset += int64(n)
	return n, err
}

// openLocked opens the reader if that was not done. The caller holds the lock.
func (c *content) openLocked() error {
	if c.isClosed || c.ctx.Err() != nil {
		return io.ErrClosedPipe
	}
	if c.reader != nil {
		return nil
	}
	reader, err := c.open()
	if err != nil {
		return err
	}
	c.reader = reader
	_, err = reader.Seek(c.offset, io.SeekStart)
	return err
}

// close ends a read that is under way and closes the reader. http.ServeContent may return while
// a goroutine of its own still reads.
func (c *content) close(cancel context.CancelFunc) {
	cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isClosed = true
	if c.reader != nil {
		c.reader.Close()
	}
}
