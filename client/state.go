package client

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/shoal-bt/shoal/swarm"
)

// ErrState says that files of a torrent would be in the state folder, among the records.
// Choose another folder for the content or for Config.State.
var ErrState = errors.New("the torrent's files would be among what the client remembers; choose another folder")

// The folders in the state folder, beside portFile.
const (
	recordsFolder = "torrents"
	locksFolder   = "locks"
)

// checkOutsideState returns an error if a file of the torrent would be written into the
// state folder. Without a home folder that is ".shoal" beside the content, and a torrent
// may have any name. Names count as equal if a file system that ignores case may say so.
func (t *Torrent) checkOutsideState(files []swarm.File) error {
	state := t.client.config.State
	if state == "" || t.readOnly {
		return nil
	}
	state, err := filepath.Abs(state)
	if err != nil {
		return err
	}
	dir, state := realPath(t.dir), realPath(state)
	kept := []string{state}
	if isBelow(dir, state) || strings.EqualFold(dir, state) {
		// The content is in it, as the user wants. Only what the client keeps there is closed.
		kept = nil
		for _, name := range []string{recordsFolder, locksFolder, portFile} {
			kept = append(kept, filepath.Join(state, name))
		}
	}
	folders := map[string]string{"": dir} // real paths
	for _, f := range files {
		if f.Pad {
			continue
		}
		folder, base := path.Split(f.Path)
		if folders[folder] == "" {
			folders[folder] = realPath(filepath.Join(dir, filepath.FromSlash(folder)))
		}
		name := filepath.Join(folders[folder], base)
		for _, k := range kept {
			if strings.EqualFold(name, k) || isBelow(name, k) || isBelow(k, name) {
				return fmt.Errorf("%s: %w", filepath.Join(t.dir, filepath.FromSlash(f.Path)), ErrState)
			}
		}
	}
	return nil
}

// isBelow reports whether path is below folder. Both are absolute and clean.
func isBelow(path, folder string) bool {
	folder = strings.TrimSuffix(folder, string(filepath.Separator)) + string(filepath.Separator)
	return len(path) > len(folder) && strings.EqualFold(path[:len(folder)], folder)
}

// realPath returns a path without links. Of what does not exist the name stays.
func realPath(path string) string {
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		return real
	}
	parent := filepath.Dir(path)
	if !os.IsNotExist(err) || parent == path {
		return path
	}
	return filepath.Join(realPath(parent), filepath.Base(path))
}
