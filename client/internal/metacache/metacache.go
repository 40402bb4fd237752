// Package metacache has the metainfo of a torrent in memory while somebody uses it.
//
// In comes metainfo that was added or loaded; out goes the same, so that all callers share
// one, and what nobody uses can be collected. Not here: where it is stored.
package metacache

import (
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
