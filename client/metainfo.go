package client

import (
	"path/filepath"

	"github.com/shoal-bt/shoal/client/internal/content"
	"github.com/shoal-bt/shoal/client/internal/linkrecord"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// metainfo returns the torrent as it was added.
func (t *running) metainfo() (*metainfo.Torrent, error) {
	if m := t.cache.InMemory(); m != nil {
		return m, nil
	}
	return t.cache.Load(t.copyPath(), t.ids, t.client.config.Metainfo)
}

func (t *running) copyPath() string {
	return filepath.Join(t.folder.Path(t.ids[0]), linkrecord.CopyName)
}

// saveCopy saves m so that metainfo can load it.
func (t *running) saveCopy(m *metainfo.Torrent) error {
	return t.cache.Save(m, t.copyPath(), t.client.config.Metainfo)
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
