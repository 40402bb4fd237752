package dhtnode

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/shoal-bt/shoal/client/internal/replacefile"
	"github.com/shoal-bt/shoal/dht"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

const (
	saveEvery = 15 * time.Minute // after which the nodes are saved again
	maxSaved  = 64 << 10         // bytes that are read of what was saved
)

// load returns what the former run has saved, unless user has something. A file that is
// missing or damaged is as good as none, because the routers help. The caller holds mu.
func (s *Source) load(user dht.Saved) dht.Saved {
	hasOwn := len(user.Nodes) > 0 || user.ID4 != (nodeid.ID{}) || user.ID6 != (nodeid.ID{})
	if s.config.Path == "" {
		return user
	}
	s.isOurs = s.config.TakePath()
	if hasOwn {
		return user
	}
	f, err := os.Open(s.config.Path)
	if err != nil {
		return user
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSaved))
	if err != nil {
		return user
	}
	saved, err := dht.ParseSaved(b)
	if err != nil {
		s.warn(fmt.Errorf("%s, what was saved of the DHT, is damaged, so the DHT begins from scratch: %w", s.config.Path, err))
		return user
	}
	if !s.isOurs { // two nodes with one id would hinder each other
		saved.ID4, saved.ID6 = nodeid.ID{}, nodeid.ID{}
	}
	return saved
}

// saveChanges saves what the node knows if that has changed, or was saved long ago.
func (s *Source) saveChanges() {
	if !s.status.takeUnsaved(time.Now()) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.saveLocked()
	if err != nil {
		s.warn(err)
	}
}

// saveLocked saves what the node knows, unless it knows nobody: what the former run has saved
// may be right again when the network is back. The caller holds mu.
func (s *Source) saveLocked() error {
	if s.node == nil || !s.isOurs {
		return nil
	}
	saved := s.node.Save()
	if len(saved.Nodes) == 0 {
		return nil
	}
	err := os.MkdirAll(filepath.Dir(s.config.Path), 0o700)
	if err == nil {
		err = replacefile.Write(s.config.Path, saved.AppendTo(nil))
	}
	if err != nil {
		return &SaveError{err}
	}
	return nil
}
