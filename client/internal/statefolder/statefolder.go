// Package statefolder keeps the files of torrents out of the folder in which a client keeps
// its records.
//
// In come the folders and the paths of a torrent's files; out goes the first path that
// would be among the records, and the folder of the records of one place. Not here: the records.
package statefolder

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/shoal-bt/shoal/resume"
	"github.com/shoal-bt/shoal/swarm"
)

// The names of what is in the state folder.
const (
	Records = "torrents"
	Locks   = "locks"
	Port    = "port"
	DHT     = "dht"
)

// Default returns the state folder if the user names none. A program without a home folder
// still finds its records, beside the content.
func Default(dir string) string {
	if user, err := os.UserConfigDir(); err == nil {
		state := filepath.Join(user, "shoal")
		if os.MkdirAll(state, 0o700) == nil {
			return state
		}
	}
	// The folder of the content is made first, because that of the records is private.
	os.MkdirAll(dir, 0o777)
	return filepath.Join(dir, ".shoal")
}

// OpenRecords opens the folder with the records of the torrents in dir. Each dir has its own,
// because a torrent may be kept in two places, and a file that we made in one of them is not
// ours in the other.
func OpenRecords(state, dir string) (*resume.Folder, error) {
	return resume.OpenFolder(recordsPath(state, dir))
}

// FindRecords opens that folder if it exists, and makes nothing; it returns nil if there is none. An
// empty state is the one that Default would choose.
func FindRecords(state, dir string) (*resume.Folder, error) {
	if state == "" {
		state = filepath.Join(dir, ".shoal")
		user, err := os.UserConfigDir()
		if err == nil && isFolder(filepath.Join(user, "shoal")) {
			state = filepath.Join(user, "shoal")
		}
	}
	path := recordsPath(state, dir)
	if !isFolder(path) {
		return nil, nil
	}
	return resume.OpenFolder(path)
}

func isFolder(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

func recordsPath(state, dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join(state, Records, hex.EncodeToString(sum[:8]))
}

// Reached returns the first of a torrent's files below dir that would be written into the
// state folder; empty if none would. Names count as equal if a file system that ignores
// case may say so. If dir is the state folder or in it, as the user wants, only what a
// client keeps there is closed. It may be called concurrently.
func Reached(state, dir string, files []swarm.File) (string, error) {
	state, err := filepath.Abs(state)
	if err != nil {
		return "", err
	}
	dir, state = realPath(dir), realPath(state)
	kept := []string{state}
	if isBelow(dir, state) || strings.EqualFold(dir, state) {
		kept = nil
		for _, name := range []string{Records, Locks, Port, DHT} {
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
				return f.Path, nil
			}
		}
	}
	return "", nil
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

// NewLocks returns the locks that the clients with one state folder share, so that only
// one of them can have a torrent in a folder. It returns nil if nothing is remembered.
func NewLocks(state string) *resume.Locks {
	if state == "" {
		return nil
	}
	return resume.NewLocks(filepath.Join(state, Locks))
}
