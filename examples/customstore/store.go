package main

import (
	"errors"
	"sync"
)

const chunkLen = 64 << 10

// chunks is a swarm.Storage that takes memory only for what was written, so a
// large torrent of which little is wanted stays small.
type chunks struct {
	length int64

	mu sync.RWMutex
	at map[int64]*[chunkLen]byte // by number of the chunk
}

func newChunks(length int64) *chunks {
	return &chunks{length: length, at: make(map[int64]*[chunkLen]byte)}
}

// ReadAt reads zeros where nothing was written.
func (c *chunks) ReadAt(p []byte, off int64) (int, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.each(p, off, func(part []byte, chunk int64, from int) {
		if b := c.at[chunk]; b != nil {
			copy(part, b[from:])
		} else {
			clear(part)
		}
	})
}

// WriteAt makes the chunks that it needs.
func (c *chunks) WriteAt(p []byte, off int64) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.each(p, off, func(part []byte, chunk int64, from int) {
		if c.at[chunk] == nil {
			c.at[chunk] = new([chunkLen]byte)
		}
		copy(c.at[chunk][from:], part)
	})
}

// each calls f with the part of p that falls into each chunk.
func (c *chunks) each(p []byte, off int64, f func(part []byte, chunk int64, from int)) (int, error) {
	if off < 0 || off > c.length-int64(len(p)) {
		return 0, errors.New("outside the torrent")
	}
	for n := 0; n < len(p); {
		chunk, from := (off+int64(n))/chunkLen, int((off+int64(n))%chunkLen)
		part := p[n:min(len(p), n+chunkLen-from)]
		f(part, chunk, from)
		n += len(part)
	}
	return len(p), nil
}

// Close does nothing: the memory goes with the store.
func (c *chunks) Close() error { return nil }
