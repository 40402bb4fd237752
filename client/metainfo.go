package client

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"weak"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// copyName is the name of the copy of a .torrent file, which is stored beside the record.
const copyName = "torrent"

// A metainfoCache has the metainfo of a torrent. While the torrent is idle the metainfo
// is loaded from its copy when somebody asks, and stays in memory while it is used.
type metainfoCache struct {
	mu     sync.Mutex                     // guards what follows; not held during I/O
	pinned *metainfo.Torrent              // nil while the torrent is idle
	loaded weak.Pointer[metainfo.Torrent] // loaded while the torrent is idle
}

// inMemory returns the metainfo if it is in memory, else nil.
func (c *metainfoCache) inMemory() *metainfo.Torrent {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pinned != nil {
		return c.pinned
	}
	return c.loaded.Value()
}

// pin keeps m in memory until unpin.
func (c *metainfoCache) pin(m *metainfo.Torrent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pinned, c.loaded = m, weak.Pointer[metainfo.Torrent]{}
}

// unpin lets the metainfo be collected.
func (c *metainfoCache) unpin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pinned = nil
}

// add adds metainfo that was loaded. It returns what the cache has, so that all callers
// share one.
func (c *metainfoCache) add(m *metainfo.Torrent) *metainfo.Torrent {
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

var errOtherTorrent = errors.New("the file is of another torrent")

// metainfo returns the torrent as it was added.
func (t *Torrent) metainfo() (*metainfo.Torrent, error) {
	if m := t.cache.inMemory(); m != nil {
		return m, nil
	}
	m, err := t.client.config.Metainfo.ReadFile(t.copyPath())
	if err == nil && !slices.Equal(m.IDs(), t.ids) {
		err = errOtherTorrent
	}
	if err != nil {
		return nil, fmt.Errorf("the copy of its .torrent file cannot be loaded (remove the torrent, keep its content, and add it again): %w", err)
	}
	return t.cache.add(m), nil
}

func (t *Torrent) copyPath() string { return filepath.Join(t.folder.Path(t.ids[0]), copyName) }

// saveCopy saves m so that metainfo can load it. The copy is not synced: if a crash
// damages it, the next Add writes it again.
func (t *Torrent) saveCopy(m *metainfo.Torrent) error {
	b, err := m.Bytes()
	if err != nil {
		return err
	}
	path := t.copyPath()
	stored, err := os.ReadFile(path)
	if err == nil && bytes.Equal(stored, b) {
		return nil
	}
	parsed, err := t.client.config.Metainfo.Parse(b)
	if err == nil && !slices.Equal(parsed.IDs(), t.ids) {
		err = errOtherTorrent
	}
	if err != nil {
		return err
	}
	return replaceFile(path, b)
}

// verify checks pieces for the engine.
func (t *Torrent) verify(batch []swarm.Verdict) {
	m, err := t.metainfo()
	if err != nil {
		for i := range batch {
			batch[i].OK, batch[i].Bad, batch[i].Err = false, nil, err
		}
		return
	}
	m.Info.Verify(batch)
}

// filesOf returns where the files of the torrent are, below Dir.
func (t *Torrent) filesOf(m *metainfo.Torrent) []swarm.File {
	if t.seedFiles != nil {
		return t.seedFiles
	}
	stat := statIn(t.dir)
	return m.Info.ExistingFiles(func(path string) bool {
		_, err := stat(path)
		return err == nil
	})
}
