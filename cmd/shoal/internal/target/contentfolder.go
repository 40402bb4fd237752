package target

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/shoal-bt/shoal/metainfo"
)

// ContentFolder returns the folder in which the files of a torrent are where the torrent
// says, if there is one. Symlinks do not count, because files are never written through
// them.
func ContentFolder(t *metainfo.Torrent, path string) (dir string, ok bool) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", false
	}
	dirs := []string{filepath.Dir(abs)}
	// The name that the user gave is shorter, but says nothing of the name of "..".
	if clean := filepath.Clean(path); filepath.IsLocal(clean) && clean != "." {
		dirs[0] = filepath.Dir(clean)
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		dirs = append(dirs, filepath.Dir(real))
	}
	for _, dir := range dirs {
		if hasContent(dir, t, path) {
			return dir, true
		}
	}
	return "", false
}

// hasContent reports whether the content at path is that of the torrent in a folder.
func hasContent(dir string, t *metainfo.Torrent, path string) bool {
	content, err := os.Stat(path)
	if err != nil {
		return false
	}
	exists := func(path string) bool {
		_, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(path)))
		return err == nil
	}
	for n, f := range t.Info.ExistingFiles(exists) {
		if f.Pad {
			continue
		}
		root, rest, nested := strings.Cut(f.Path, "/")
		_, builtFrom, _ := strings.Cut(t.BuiltFrom[n].Path, "/")
		found, err := os.Lstat(filepath.Join(dir, root))
		if err != nil || !os.SameFile(found, content) || (nested && rest != builtFrom) {
			return false
		}
	}
	return true
}
