// Package metacache has the metainfo of a torrent in memory while somebody uses it.
//
// In comes metainfo that was added or loaded; out goes the same, so that all callers share
// one, and what nobody uses can be collected. Not here: where it is stored.
package metacache

import (
	"bytes"
	"io/fs"
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
	offset int32                          // of the info dictionary in the copy; 0 while there is none
	size   int32                          // of the info dictionary, in bytes
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
	c.size = int32(len(m.Info.Raw))
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

// Size returns the length of the info dictionary in bytes.
func (c *Cache) Size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int(c.size)
}

// A Reader reads the info dictionary, for peers that fetch it. While the torrent is idle it
// reads from the copy, so that nothing is held in memory. It may be used concurrently.
type Reader struct {
	Cache *Cache
	Path  func() string // of the copy of the .torrent file
}

// ReadAt reads at an offset in the info dictionary.
func (r Reader) ReadAt(p []byte, off int64) (int, error) {
	if m := r.Cache.InMemory(); m != nil {
		return bytes.NewReader(m.Info.Raw).ReadAt(p, off)
	}
	r.Cache.mu.Lock()
	offset := r.Cache.offset
	r.Cache.mu.Unlock()
	if offset == 0 {
		return 0, fs.ErrNotExist
	}
	f, err := os.Open(r.Path())
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return f.ReadAt(p, int64(offset)+off)
}
