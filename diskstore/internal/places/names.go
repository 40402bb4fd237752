package places

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
// be called concurrently. Its fields do not change.
type Names struct {
	Dir    string // of the torrent, absolute
	Suffix string
	Other  string // Options.IncompleteDir, absolute; empty means Dir

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

// New returns Names that have looked at no file yet. dir is the torrent's folder and other
// that of incomplete files, or empty; owned is Options.Owned. It keeps no slice.
func New(dir string, files []swarm.File, suffix, other string, owned []string) (*Names, error) {
	// Windows ignores a dot or a space at the end, and a colon begins another stream.
	last := strings.TrimRight(suffix, ". ")
	if strings.ContainsAny(suffix, "/\\:\x00") || last != suffix || len(suffix) > maxName {
		return nil, fmt.Errorf("the suffix %q cannot be part of a file's name", suffix)
	}
	n := &Names{Suffix: suffix, files: make(map[string]*placed)}
	var err error
	n.Dir, err = filepath.Abs(dir)
	if err == nil && other != "" {
		n.Other, err = filepath.Abs(other)
	}
	if err != nil {
		return nil, err
	}
	if n.Other == n.Dir {
		n.Other = ""
	}
	if n.Suffix != "" || n.Other != "" {
		n.choose(files)
	}
	n.addFormer(files, owned)
	return n, nil
}

// hasBytes reports whether a file has bytes on a disk.
func hasBytes(f swarm.File) bool { return !f.Pad && f.Length > 0 }

// choose gives each file that has bytes a name while it is incomplete. One that meets
// a path of the torrent or the name of another file gets the suffix again, so it is the same in
// every run. A file whose name would be too long is made without the suffix.
func (n *Names) choose(files []swarm.File) {
	taken := n.torrentPaths(files)
	for _, f := range files {
		if !hasBytes(f) {
			continue
		}
		suffix := n.Suffix
		for range maxSuffixes {
			if len(path.Base(f.Path))+len(suffix) > maxName {
				suffix = ""
			}
			name := key(cmp.Or(n.Other, n.Dir), f.Path+suffix)
			if suffix == "" && n.Other == "" {
				break
			}
			if !taken[name] {
				taken[name] = true
				made := Name(n.Other, suffix, f.Path)
				n.files[f.Path] = &placed{names: []string{made}, create: made, at: made}
				break
			}
			if n.Suffix == "" || suffix == "" {
				break
			}
			suffix += n.Suffix
		}
	}
}

// torrentPaths returns the paths that no incomplete file may have: those of the torrent, and
// the folders in which incomplete files are. They are in small letters, as key returns them.
func (n *Names) torrentPaths(files []swarm.File) map[string]bool {
	taken := make(map[string]bool)
	for _, f := range files {
		if f.Pad {
			continue
		}
		taken[key(n.Dir, f.Path)] = true
		for d := path.Dir(f.Path); d != "."; d = path.Dir(d) {
			name := key(cmp.Or(n.Other, n.Dir), d)
			if taken[name] {
				break
			}
			taken[name] = true
			taken[key(n.Dir, d)] = true
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
func (n *Names) addFormer(files []swarm.File, owned []string) {
	var known map[string]bool // the files that have bytes; made when it is needed
	for _, name := range owned {
		dir, suffix, p := Split(name)
		if !IsOther(name) || strings.ContainsAny(suffix, "/\\") {
			continue
		}
		if known == nil {
			known = make(map[string]bool)
			for _, f := range files {
				known[f.Path] = known[f.Path] || hasBytes(f)
			}
		}
		if !known[p] {
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

// Active reports whether a file may be at another place than its path.
func (n *Names) Active() bool { return len(n.files) > 0 }

// Locate looks where a file is: at another place if a file that is ours is there, else at
// its path if something is there, else where it would be made.
func (n *Names) Locate(p string, owned map[string]bool, lstat func(string) (fs.FileInfo, error)) error {
	x := n.files[p]
	if x == nil {
		return nil
	}
	look := func(name string) (fs.FileInfo, error) {
		info, err := lstat(name)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENAMETOOLONG) || errors.Is(err, syscall.ENOTDIR) {
			return nil, nil
		}
		return info, err
	}
	final, err := look(Literal(p))
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

// At returns the name under which Options.Owned lists a file at its place.
func (n *Names) At(p string) string {
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
	if !IsOther(name) {
		return n.Dir, name
	}
	dir, suffix, p := Split(name)
	return cmp.Or(dir, n.Dir), p + suffix
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

// FileAt returns the path of the file that is at a name of another place, or nothing if none
// is.
func (n *Names) FileAt(name string) string {
	_, _, p := Split(name)
	if IsOther(name) && n.At(p) == name {
		return p
	}
	return ""
}

// Waiting reports whether the file of a path is where it would be made, or would be made there.
func (n *Names) Waiting(p string) bool {
	x := n.files[p]
	return x != nil && x.create != "" && n.At(p) == x.create
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
	for d := DirOf(x.create); !IsTop(d); d = DirOf(d) {
		if _, err := n.Stat(d); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		claims = append(claims, d+"/")
	}
	return claims
}

// Name returns the name of a file at another place: a folder, the suffix and the path
// within, with zero bytes between them, which no path has. An empty folder is the torrent's.
func Name(dir, suffix, p string) string { return dir + "\x00" + suffix + "\x00" + p }

// Literal is the name of what is at a path, wherever the file of that path is.
func Literal(p string) string { return Name("", "", p) }

// IsOther reports whether name is one of another place, or Literal.
func IsOther(name string) bool { return strings.Count(name, "\x00") == 2 }

// Split returns the folder, the suffix and the path of a name.
func Split(name string) (dir, suffix, p string) {
	if !IsOther(name) {
		return "", "", name
	}
	parts := strings.Split(name, "\x00")
	return parts[0], parts[1], parts[2]
}

// Shown returns name as people read it.
func Shown(name string) string {
	dir, suffix, p := Split(name)
	if dir == "" {
		return p + suffix
	}
	return filepath.Join(dir, filepath.FromSlash(p+suffix))
}

// DirOf is path.Dir for names of all places.
func DirOf(name string) string {
	if !IsOther(name) {
		return path.Dir(name)
	}
	dir, _, p := Split(name)
	if dir == "" {
		return path.Dir(p)
	}
	return Name(dir, "", path.Dir(p))
}

// IsTop reports whether name is a folder at its top.
func IsTop(name string) bool {
	_, _, p := Split(name)
	return p == "."
}

// All returns every name under which a file may be, its path first.
func (n *Names) All(p string) []string {
	names := []string{p}
	if x := n.files[p]; x != nil {
		names = append(names, x.names...)
	}
	return names
}
