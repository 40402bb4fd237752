package client

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/shoal-bt/shoal/client/internal/content"
	"github.com/shoal-bt/shoal/client/internal/linkrecord"
	"github.com/shoal-bt/shoal/client/internal/metadata"
	"github.com/shoal-bt/shoal/client/internal/replacefile"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// metainfo returns the torrent as it was added.
func (t *running) metainfo() (*metainfo.Torrent, error) {
	if m := t.cache.InMemory(); m != nil {
		return m, nil
	}
	m, err := t.client.config.Metainfo.ReadFile(t.copyPath())
	if err == nil && !slices.Equal(m.IDs(), t.ids) {
		err = metadata.ErrOther
	}
	if err != nil {
		return nil, fmt.Errorf("the copy of its .torrent file cannot be loaded (remove the torrent, keep its content, and add it again): %w", err)
	}
	return t.cache.Add(m), nil
}

func (t *running) copyPath() string {
	return filepath.Join(t.folder.Path(t.ids[0]), linkrecord.CopyName)
}

// saveCopy saves m so that metainfo can load it. The copy is not synced: if a crash
// damages it, the next Add writes it again.
func (t *running) saveCopy(m *metainfo.Torrent) error {
	b, err := m.Bytes()
	if err != nil {
		return err
	}
	path := t.copyPath()
	t.cache.SetCopy(bytes.Index(b, m.Info.Raw))
	stored, err := os.ReadFile(path)
	if err == nil && bytes.Equal(stored, b) {
		return nil
	}
	parsed, err := t.client.config.Metainfo.Parse(b)
	if err == nil && !slices.Equal(parsed.IDs(), t.ids) {
		err = metadata.ErrOther
	}
	if err != nil {
		return err
	}
	return replacefile.Write(path, b)
}

// verify checks pieces for the engine.
func (t *running) verify(batch []swarm.Verdict) {
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
func (t *running) filesOf(m *metainfo.Torrent) []swarm.File {
	if t.seed != nil {
		return t.seed.Files
	}
	stat := content.StatIn(t.dir)
	return m.Info.ExistingFiles(func(path string) bool {
		_, err := stat(path)
		return err == nil
	})
}
