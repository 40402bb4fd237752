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

// copyName is the name of the copy of a .torrent file, beside the record.
const copyName = "torrent"

// An metainfoCache is the metainfo of a torrent. While the torrent is at rest it is
// loaded from its copy when somebody asks, and stays in memory as long as they use
// it.
type metainfoCache struct {
	mu     sync.Mutex                     // not held during I/O
	pinned *metainfo.Torrent              // nil while the torrent is at rest
	loaded weak.Pointer[metainfo.Torrent] // since then
}

// inMemory returns the metainfo if it need not be loaded, else nil.
func (o *metainfoCache) inMemory() *metainfo.Torrent {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.pinned != nil {
		return o.pinned
	}
	return o.loaded.Value()
}

// pin has m stay in memory until release.
func (o *metainfoCache) pin(m *metainfo.Torrent) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pinned, o.loaded = m, weak.Pointer[metainfo.Torrent]{}
}

func (o *metainfoCache) unpin() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pinned = nil
}

var errOtherTorrent = errors.New("it is of another torrent")

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
		return nil, fmt.Errorf("loading the copy of the torrent file: %w", err)
	}
	t.cache.mu.Lock()
	defer t.cache.mu.Unlock()
	switch other := t.cache.loaded.Value(); {
	case t.cache.pinned != nil:
		m = t.cache.pinned
	case other != nil:
		m = other
	default:
		t.cache.loaded = weak.Make(m)
	}
	return m, nil
}

func (t *Torrent) copyPath() string { return filepath.Join(t.folder.Path(t.ids[0]), copyName) }

// saveCopy sees to it that m can be loaded again. It is not synced: after a crash the
// next Add finds out, and writes it anew.
func (t *Torrent) saveCopy(m *metainfo.Torrent) error {
	b, err := m.Bytes()
	if err != nil {
		return err
	}
	path := t.copyPath()
	if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, b) {
		return nil
	}
	again, err := t.client.config.Metainfo.Parse(b)
	if err == nil && !slices.Equal(again.IDs(), t.ids) {
		err = errOtherTorrent
	}
	if err != nil {
		return err
	}
	return replaceFile(path, b)
}

// replaceFile puts content at path, whole or not at all.
func replaceFile(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
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
	return m.Info.Files()
}
