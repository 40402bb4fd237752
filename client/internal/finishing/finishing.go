// Package finishing gives files their own names when all of their bytes are there.
//
// In come the torrent's files and the pieces that are held; out go calls of a [Store], one for each
// file. Not here: where a file is until then, and when that is looked at.
package finishing

import (
	"sync"

	"github.com/shoal-bt/shoal/client/internal/content"
	"github.com/shoal-bt/shoal/swarm"
)

// A Store moves a file to its path, such as a diskstore.Store.
type Store interface{ FinishFile(index int) error }

// A Files is the files of a torrent that were moved, or could not be. The zero value has none. Its
// methods may be called concurrently.
type Files struct {
	mu   sync.Mutex // guards what follows; not held during I/O
	done map[int]bool
}

// Finish has a store move those of a torrent's files that are wanted and of which every byte is held. Each
// is moved once; warn gets the error if that fails.
func (f *Files) Finish(s Store, files []swarm.File, g swarm.Geometry, held swarm.Bitfield, isWanted func(index int) bool, warn func(error)) {
	for i, file := range files {
		isWhole := content.Held(g, held, file.Offset, file.Length) == file.Length
		if file.Pad || file.Length == 0 || !isWhole || !isWanted(i) || !f.add(i) {
			continue
		}
		if err := s.FinishFile(i); err != nil {
			warn(err)
		}
	}
}

// add reports whether a file was not added before.
func (f *Files) add(index int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done[index] {
		return false
	}
	if f.done == nil {
		f.done = make(map[int]bool)
	}
	f.done[index] = true
	return true
}

// Reset has all files be moved again that are not at their paths, because they may be made again.
func (f *Files) Reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done = nil
}
