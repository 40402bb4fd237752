// Package metacache has the metainfo of a torrent in memory while somebody uses it.
//
// In comes metainfo that was added or loaded; out goes the same, so that all callers share
// one, and what nobody uses can be collected. Not here: where it is stored.
package metacache

import (
	"bytes"
	"os"
	"sync"
	"weak"

	"github.com/shoal-bt/shoal/metainfo"
)

// A Cache has the metainfo of a torrent. The zero Cache is empty. Its methods may be called
// concurrently. While the torrent is idle the metainfo
// is loaded from its copy when somebody asks, and stays in memory while it is used.
type Cache struct {
	mu     sync.Mutex                     // guards what follows; not held during I/O
	pinned *metainfo.Torrent              // nil while the torrent is idle
	loaded weak.Pointer[metainfo.Torrent] // loaded while the torrent is idle
	path   string                         // of the copy; empty while there is none
	offset int64                          // of the info dictionary in it
}

// InMemory returns the metainfo if it is in memory, else nil.
func (c *Cache) InMemory() *metainfo.Torrent {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pinned != nil {
		return c.pinned
	}
	return c.loaded.Value()
}

// Pin keeps m in memory until Unpin.
func (c *Cache) Pin(m *metainfo.Torrent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pinned, c.loaded = m, weak.Pointer[metainfo.Torrent]{}
}

// Unpin lets the metainfo be collected.
func (c *Cache) Unpin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pinned = nil
}

// Add adds metainfo that was loaded. It returns what the cache has, so that all callers
// share one.
func (c *Cache) Add(m *metainfo.Torrent) *metainfo.Torrent {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pinned != nil {
		return c.pinned
	}
	if other := c.loaded.Value(); other != nil {
		return other
	}
	c.loaded = weak.Make(m)
	return m
}

// SetCopy says where a copy of the .torrent file is, and where in it the info dictionary
// begins.
func (c *Cache) SetCopy(path string, offset int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.path, c.offset = path, offset
}

// ReadAt reads the info dictionary, for peers that fetch it. While the torrent is idle it reads
// from the copy, so that nothing is held in memory.
func (c *Cache) ReadAt(p []byte, off int64) (int, error) {
	if m := c.InMemory(); m != nil {
		return bytes.NewReader(m.Info.Raw).ReadAt(p, off)
	}
	c.mu.Lock()
	path, offset := c.path, c.offset
	c.mu.Unlock()
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return f.ReadAt(p, offset+off)
}
