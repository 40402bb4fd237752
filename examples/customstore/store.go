package main

import (
	"errors"
	"sync"

	"github.com/shoal-bt/shoal/swarm"
)

const chunkLen = 64 << 10

// chunks is a swarm.Storage that takes memory only for what was written, so a
// large torrent of which little is wanted stays small.
type chunks struct {
	length int64
	pads   []swarm.Span

	mu sync.RWMutex
	at map[int64]*[chunkLen]byte // by number of the chunk
}

func newChunks(length int64, pads []swarm.Span) *chunks {
	return &chunks{length: length, pads: pads, at: make(map[int64]*[chunkLen]byte)}
}

// ReadAt reads zeros from pads, and where nothing was written.
func (c *chunks) ReadAt(p []byte, off int64) (int, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	clear(p)
	return c.each(p, off, func(part []byte, chunk int64, from int) {
		if b := c.at[chunk]; b != nil {
			copy(part, b[from:])
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

// each calls f with the parts of p that fall into each chunk and are not pad.
func (c *chunks) each(p []byte, off int64, f func(part []byte, chunk int64, from int)) (int, error) {
	if off < 0 || off > c.length-int64(len(p)) {
		return 0, errors.New("outside the torrent")
	}
	for s := range swarm.Stored(c.pads, swarm.Span{Offset: off, Length: int64(len(p))}) {
		for at := s.Offset; at < s.End(); {
			chunk, from := at/chunkLen, at%chunkLen
			end := min(s.End(), at+chunkLen-from)
			f(p[at-off:end-off], chunk, int(from))
			at = end
		}
	}
	return len(p), nil
}

// Close does nothing: the memory goes with the store.
func (c *chunks) Close() error { return nil }
