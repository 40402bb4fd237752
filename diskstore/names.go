package diskstore

import (
	"fmt"
	"io/fs"

	"github.com/shoal-bt/shoal/diskstore/internal/places"
	"github.com/shoal-bt/shoal/swarm"
)

// Names says where each file of a torrent is: at its path, or while it is incomplete at
// the place that Options.Suffix and Options.IncompleteDir say. It also knows the names in
// Options.Owned, among which a file at another place has one of its own. Its methods may
// be called concurrently.
type Names struct{ places *places.Names }

// NewNames looks where the files of a torrent are. The arguments are those of Open. Errors
// are those of Open; a file that exists nowhere is none. It keeps no slice.
func NewNames(dir string, files []swarm.File, o Options) (*Names, error) {
	if _, err := newLayout(files); err != nil {
		return nil, err
	}
	n, err := newPlaces(dir, files, o)
	if err != nil {
		return nil, err
	}
	owned := make(map[string]bool, len(o.Owned))
	for _, name := range o.Owned {
		owned[name] = true
	}
	for _, f := range files {
		if err := n.Locate(f.Path, owned, n.Stat); err != nil {
			return nil, wrapError("open", f.Path, -1, err)
		}
	}
	return &Names{n}, nil
}

// newPlaces returns where files may be, before anybody has looked.
func newPlaces(dir string, files []swarm.File, o Options) (*places.Names, error) {
	n, err := places.New(dir, files, o.Suffix, o.IncompleteDir, o.Owned)
	if err != nil {
		return nil, fmt.Errorf("diskstore: %w", err)
	}
	return n, nil
}

// Path returns the path in the operating system of a file of the torrent, or of a name in
// Options.Owned.
func (n *Names) Path(name string) string { return n.places.Path(name) }

// Stat describes a file of the torrent where it is now, or what is at a name in
// Options.Owned. It does not follow a symlink. It uses neither Options.FS nor a handle, so
// Options.Own may call it.
func (n *Names) Stat(name string) (fs.FileInfo, error) { return n.places.Stat(name) }

// FileAt returns the path of the file that is at a name in Options.Owned, or nothing if none
// is or name is a path.
func (n *Names) FileAt(name string) string { return n.places.FileAt(name) }

// Claims returns what Options.Own will get in addition to a file's path when the file is
// made: its name while it is incomplete, and the folders that are missing there. It is nil
// for a file that is made at its path, and if something exists at the other place already.
func (n *Names) Claims(path string) []string { return n.places.Claims(path) }

// Names says where each file is now. It stays true while the store changes that.
func (s *Store) Names() *Names { return &Names{s.names} }
