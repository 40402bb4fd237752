package diskstore

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/shoal-bt/shoal/swarm"
)

// Names says where each file of a torrent is: at its path, or while it is incomplete at
// the place that Options.Suffix and Options.IncompleteDir say. It also knows the names in
// Options.Owned, among which a file at another place has one of its own. Its methods may
// be called concurrently.
type Names struct {
	dir    string // of the torrent, absolute
	suffix string
	other  string // Options.IncompleteDir, absolute; empty means dir

	mu    sync.RWMutex // held while a file moves; guards placed.at
	files map[string]*placed
}

// A placed is a file that may be at another place than its path.
type placed struct {
	at     string   // its name if it is at another place, else empty; guarded by Names.mu
	names  []string // of other places, in the order in which they are looked at
	create string   // that of names at which a new file is made; empty means at its path
}

// maxName is the length of the longest base name in common file systems, in bytes.
const maxName = 255

// maxSuffixes bounds how often a suffix is appended to one path.
const maxSuffixes = 8

// NewNames looks where the files of a torrent are. The arguments are those of Open. Errors
// are those of Open; a file that exists nowhere is none. It keeps no slice.
func NewNames(dir string, files []swarm.File, o Options) (*Names, error) {
	l, err := newLayout(files)
	if err != nil {
		return nil, err
	}
	n, err := newNames(dir, l, o)
	if err != nil {
		return nil, err
	}
	owned := make(map[string]bool, len(o.Owned))
	for _, name := range o.Owned {
		owned[name] = true
	}
	for _, f := range l.files {
		if err := n.locate(f.Path, owned, n.Stat); err != nil {
			return nil, wrapError("open", f.Path, -1, err)
		}
	}
	return n, nil
}

// newNames returns Names that have looked at no file yet.
func newNames(dir string, l layout, o Options) (*Names, error) {
	if strings.ContainsAny(o.Suffix, "/\\\x00") || len(o.Suffix) > maxName {
		return nil, fmt.Errorf("diskstore: the suffix %q cannot be part of a file's name", o.Suffix)
	}
	n := &Names{suffix: o.Suffix, files: make(map[string]*placed)}
	var err error
	if n.dir, err = filepath.Abs(dir); err != nil {
		return nil, wrapError("open", ".", -1, err)
	}
	if o.IncompleteDir != "" {
		if n.other, err = filepath.Abs(o.IncompleteDir); err != nil {
			return nil, wrapError("open", ".", -1, err)
		}
	}
	if n.other == n.dir {
		n.other = ""
	}
	if n.suffix != "" || n.other != "" {
		n.choose(l)
	}
	n.addFormer(l, o.Owned)
	return n, nil
}

// choose gives each file that has bytes a name while it is incomplete. One that meets
// a path of the torrent or the name of another file gets the suffix again, so it is the same in
// every run. A file whose name would be too long is made without the suffix.
func (n *Names) choose(l layout) {
	taken := n.torrentPaths(l)
	for _, s := range l.spans {
		suffix := n.suffix
		for range maxSuffixes {
			if len(path.Base(s.file.Path))+len(suffix) > maxName {
				suffix = ""
			}
			name := key(cmp.Or(n.other, n.dir), s.file.Path+suffix)
			if suffix == "" && n.other == "" {
				break
			}
			if !taken[name] {
				taken[name] = true
				made := otherName(n.other, suffix, s.file.Path)
				n.files[s.file.Path] = &placed{names: []string{made}, create: made, at: made}
				break
			}
			if n.suffix == "" || suffix == "" {
				break
			}
			suffix += n.suffix
		}
	}
}

// torrentPaths returns the paths that no incomplete file may have: those of the torrent, and
// the folders in which incomplete files are. They are in small letters, as key returns them.
func (n *Names) torrentPaths(l layout) map[string]bool {
	taken := make(map[string]bool)
	for _, f := range l.files {
		if !f.onDisk() {
			continue
		}
		taken[key(n.dir, f.Path)] = true
		for d := path.Dir(f.Path); d != "."; d = path.Dir(d) {
			name := key(cmp.Or(n.other, n.dir), d)
			if taken[name] {
				break
			}
			taken[name] = true
			taken[key(n.dir, d)] = true
		}
	}
	return taken
}

// key returns a path by which names are compared. Some file systems do not tell small
// letters from large ones.
func key(dir, name string) string {
	return strings.ToLower(filepath.Join(dir, filepath.FromSlash(name)))
}

// addFormer adds the places at which former stores made files, which may have had other options.
func (n *Names) addFormer(l layout, owned []string) {
	for _, name := range owned {
		dir, suffix, p := splitName(name)
		f := l.byPath[p]
		if !isOther(name) || f == nil || f.Length == 0 || strings.ContainsAny(suffix, "/\\") {
			continue
		}
		if (dir == "" && suffix == "") || (dir != "" && !filepath.IsAbs(dir)) {
			continue
		}
		x := n.files[p]
		if x == nil {
			x = &placed{}
			n.files[p] = x
		}
		if !slices.Contains(x.names, name) {
			x.names = append(x.names, name)
		}
	}
}

// active reports whether a file may be at another place than its path.
func (n *Names) active() bool { return len(n.files) > 0 }

// locate looks where a file is: at another place if a file that is ours is there, else at
// its path if something is there, else where it would be made.
func (n *Names) locate(p string, owned map[string]bool, lstat func(string) (fs.FileInfo, error)) error {
	x := n.files[p]
	if x == nil {
		return nil
	}
	look := func(name string) (fs.FileInfo, error) {
		info, err := lstat(name)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENAMETOOLONG) {
			return nil, nil
		}
		return info, err
	}
	final, err := look(literal(p))
	if err != nil {
		return err
	}
	at := ""
	if final == nil {
		at = x.create
	}
	if at != "" {
		if _, err := lstat(at); errors.Is(err, syscall.ENAMETOOLONG) {
			at = "" // this file system has shorter names
		}
	}
	for _, name := range x.names {
		if !owned[name] {
			continue
		}
		info, err := look(name)
		if err != nil {
			return err
		}
		// If it has both names, a store stopped while it moved the file.
		if info != nil && info.Mode().IsRegular() && (final == nil || !os.SameFile(final, info)) {
			at = name
			break
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	x.at = at
	return nil
}

// at returns the name under which Options.Owned lists a file at its place.
func (n *Names) at(p string) string {
	if x := n.files[p]; x != nil {
		n.mu.RLock()
		defer n.mu.RUnlock()
		return cmp.Or(x.at, p)
	}
	return p
}

// resolve returns the folder, absolute, and the name in it of a path of the torrent or a
// name in Options.Owned. The caller holds mu.
func (n *Names) resolve(name string) (dir, inside string) {
	if x := n.files[name]; x != nil {
		name = cmp.Or(x.at, name)
	}
	if !isOther(name) {
		return n.dir, name
	}
	dir, suffix, p := splitName(name)
	return cmp.Or(dir, n.dir), p + suffix
}

// Path returns the path in the operating system of a file of the torrent, or of a name in
// Options.Owned.
func (n *Names) Path(name string) string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	dir, inside := n.resolve(name)
	return filepath.Join(dir, filepath.FromSlash(inside))
}

// Stat describes a file of the torrent where it is now, or what is at a name in
// Options.Owned. It does not follow a symlink. It uses neither Options.FS nor a handle, so
// Options.Own may call it.
func (n *Names) Stat(name string) (fs.FileInfo, error) {
	n.mu.RLock() // also during the call, so that the file does not move
	defer n.mu.RUnlock()
	dir, inside := n.resolve(name)
	return os.Lstat(filepath.Join(dir, filepath.FromSlash(inside)))
}

// Claims returns what Options.Own will get in addition to a file's path when the file is
// made: its name while it is incomplete, and the folders that are missing there. It is nil
// for a file that is made at its path, and if something exists at the other place already.
func (n *Names) Claims(p string) []string {
	x := n.files[p]
	if x == nil || x.create == "" {
		return nil
	}
	if _, err := n.Stat(x.create); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	claims := []string{x.create}
	for d := dirOf(x.create); !isTop(d); d = dirOf(d) {
		if _, err := n.Stat(d); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		claims = append(claims, d+"/")
	}
	return claims
}

// Names of other places are a folder, the suffix and the path within, with zero bytes
// between them, which no path has. An empty folder is the torrent's.

func otherName(dir, suffix, p string) string { return dir + "\x00" + suffix + "\x00" + p }

// literal is the name of what is at a path, wherever the file of that path is.
func literal(p string) string { return otherName("", "", p) }

func isOther(name string) bool { return strings.Count(name, "\x00") == 2 }

func splitName(name string) (dir, suffix, p string) {
	if !isOther(name) {
		return "", "", name
	}
	parts := strings.Split(name, "\x00")
	return parts[0], parts[1], parts[2]
}

// shown returns name as people read it.
func shown(name string) string {
	dir, suffix, p := splitName(name)
	if dir == "" {
		return p + suffix
	}
	return filepath.Join(dir, filepath.FromSlash(p+suffix))
}

// dirOf is path.Dir for names of all places.
func dirOf(name string) string {
	if !isOther(name) {
		return path.Dir(name)
	}
	dir, _, p := splitName(name)
	if dir == "" {
		return path.Dir(p)
	}
	return otherName(dir, "", path.Dir(p))
}

// isTop reports whether name is a folder at its top.
func isTop(name string) bool {
	_, _, p := splitName(name)
	return p == "."
}
