package metacache

import (
	"bytes"
	"fmt"
	"os"
	"slices"

	"github.com/shoal-bt/shoal/client/internal/metadata"
	"github.com/shoal-bt/shoal/client/internal/replacefile"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// Load loads the metainfo of a torrent with some swarms from its copy.
func (c *Cache) Load(path string, ids []swarm.ID, o metainfo.Options) (*metainfo.Torrent, error) {
	m, err := o.ReadFile(path)
	if err == nil && !slices.Equal(m.IDs(), ids) {
		err = metadata.ErrOther
	}
	if err != nil {
		return nil, fmt.Errorf("the copy of its .torrent file cannot be loaded (remove the torrent, keep its content, and add it again): %w", err)
	}
	return c.Add(m), nil
}

// Save saves m as a copy, so that Load can load it and a Reader read it. It is not synced: if a
// crash damages it, the next Add of the torrent writes it again.
func (c *Cache) Save(m *metainfo.Torrent, path string, o metainfo.Options) error {
	b, err := m.Bytes()
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.offset = int32(bytes.Index(b, m.Info.Raw))
	c.mu.Unlock()
	stored, err := os.ReadFile(path)
	if err == nil && bytes.Equal(stored, b) {
		return nil
	}
	parsed, err := o.Parse(b)
	if err == nil && !slices.Equal(parsed.IDs(), m.IDs()) {
		err = metadata.ErrOther
	}
	if err != nil {
		return err
	}
	return replacefile.Write(path, b)
}
