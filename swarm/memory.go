package swarm

import (
	"errors"
	"io"
	"sync"
)

// Memory is a Storage in memory. Its methods may be called from many goroutines at once.
type Memory struct {
	mu    sync.RWMutex
	bytes []byte
	pads  []Span
}

var errOutside = errors.New("swarm: memory: offset outside the torrent")

// NewMemory returns a Storage of length bytes, all zero. Pads must be sorted and must
// not touch; writes to them change nothing. The caller must not change pads afterwards.
func NewMemory(length int64, pads ...Span) *Memory {
	return &Memory{bytes: make([]byte, length), pads: pads}
}

// ReadAt fills p from offset off, in bytes. It returns io.EOF if p reaches past the end
// of the torrent, and another error if off does.
func (m *Memory) ReadAt(p []byte, off int64) (int, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if off < 0 || off > int64(len(m.bytes)) {
		return 0, errOutside
	}
	n := copy(p, m.bytes[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt writes all of p at offset off, in bytes. If p reaches outside the torrent it
// writes nothing and returns an error.
func (m *Memory) WriteAt(p []byte, off int64) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if off < 0 || off > int64(len(m.bytes))-int64(len(p)) {
		return 0, errOutside
	}
	for s := range Stored(m.pads, Span{Offset: off, Length: int64(len(p))}) {
		copy(m.bytes[s.Offset:s.End()], p[s.Offset-off:])
	}
	return len(p), nil
}

// Close does nothing; the bytes stay readable.
func (m *Memory) Close() error { return nil }
