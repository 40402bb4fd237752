package builder

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shoal-bt/shoal/metainfo/internal/layout"
)

// An input is one file, or symlink, that a torrent is built from.
type input struct {
	path       []string // below the torrent's folder, or just the name
	onDisk     string   // path below the folder that holds the content
	length     int64    // in bytes
	executable bool

	symlink      []string // the target below the torrent's folder; nil for a file
	targetOnDisk string   // the same in the form of onDisk

	open     func() (source, error)
	stat     func() (fs.FileInfo, error) // nil for what cannot change
	modified time.Time                   // when it was found
}

// A source is an open input.
type source interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// A memoryFile is a source in memory.
type memoryFile struct{ *bytes.Reader }

func (memoryFile) Close() error { return nil }

// A walker finds the inputs below a path of a file system.
type walker struct {
	ctx        context.Context
	fsys       fs.FS
	root, base string
	skipped    func(path, why string)
	noSymlinks bool
	exclusion  exclusion
	inputs     []input
	folders    map[string]bool // those that hold an input, at any depth
}

// collect returns the inputs in the order of a v2 file tree, which is that of
// the names in each folder.
func (w *walker) collect() (inputs []input, single bool, err error) {
	fi, err := fs.Stat(w.fsys, w.root)
	if err != nil {
		return nil, false, err
	}
	if !fi.IsDir() {
		if !fi.Mode().IsRegular() {
			return nil, false, fmt.Errorf("%s is neither a file nor a folder", w.base)
		}
		return []input{w.file(w.root, []string{w.base}, w.base, fi)}, true, nil
	}
	w.folders = map[string]bool{}
	if err := w.folder(nil); err != nil {
		return nil, false, err
	}
	w.dropDangling()
	if len(w.inputs) == 0 {
		return nil, false, fmt.Errorf("the folder %s has no files%s", w.base, w.exclusion.exception())
	}
	return w.inputs, false, nil
}

// folder walks one folder. below is its path below the root.
func (w *walker) folder(below []string) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if len(below) > layout.MaxDepth {
		return fmt.Errorf("%s: more than %d folders deep", path.Join(below...), layout.MaxDepth)
	}
	entries, err := fs.ReadDir(w.fsys, path.Join(w.root, path.Join(below...)))
	if err != nil {
		return err
	}
	for _, e := range entries {
		here := append(slices.Clip(slices.Clone(below)), e.Name())
		rel := path.Join(here...)
		full := path.Join(w.root, rel)
		if w.exclusion.matches(rel, e) {
			w.exclusion.report(rel)
			continue
		}
		if !utf8.ValidString(e.Name()) {
			return fmt.Errorf("%q: the name is not UTF-8; rename it or leave it out", rel)
		}
		switch {
		case e.IsDir():
			err = w.folder(here)
		case e.Type()&fs.ModeSymlink != 0:
			err = w.symlink(full, here)
		case e.Type().IsRegular():
			var fi fs.FileInfo
			fi, err = e.Info()
			if err == nil {
				w.add(w.file(full, here, path.Join(w.base, rel), fi))
			}
		default:
			w.skipped(rel, "it is not a regular file")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) add(in input) {
	w.inputs = append(w.inputs, in)
	for n := range len(in.path) - 1 {
		w.folders[path.Join(in.path[:n+1]...)] = true
	}
}

// file makes an input of a regular file.
func (w *walker) file(full string, here []string, onDisk string, fi fs.FileInfo) input {
	return input{
		path:       here,
		onDisk:     onDisk,
		length:     fi.Size(),
		executable: fi.Mode()&0o111 != 0,
		open:       func() (source, error) { return openFile(w.fsys, full) },
		stat:       func() (fs.FileInfo, error) { return fs.Stat(w.fsys, full) },
		modified:   fi.ModTime(),
	}
}

// symlink makes an input of a symlink whose target is in the folder. It never
// follows the symlink, and does not look at the target.
func (w *walker) symlink(full string, here []string) error {
	rel := path.Join(here...)
	links, ok := w.fsys.(fs.ReadLinkFS)
	if !ok || w.noSymlinks {
		w.skipped(rel, "it is a symlink")
		return nil
	}
	target, err := links.ReadLink(full)
	if err != nil {
		return err
	}
	if target == "" || filepath.IsAbs(target) || path.IsAbs(filepath.ToSlash(target)) {
		w.skipped(rel, "it is a symlink that leads out of the torrent")
		return nil
	}
	dest := path.Join(path.Join(here[:len(here)-1]...), filepath.ToSlash(target))
	if dest == "." || !fs.ValidPath(dest) {
		w.skipped(rel, "it is a symlink that leads out of the torrent")
		return nil
	}
	w.add(input{
		path:         here,
		onDisk:       path.Join(w.base, rel),
		symlink:      strings.Split(dest, "/"),
		targetOnDisk: path.Join(w.base, dest),
	})
	return nil
}

// dropDangling leaves out symlinks whose target is not in the torrent. Other
// symlinks may have led to these, so it repeats that until none is left.
func (w *walker) dropDangling() {
	for {
		paths := make(map[string]bool, len(w.inputs))
		for _, in := range w.inputs {
			paths[path.Join(in.path...)] = true
		}
		before := len(w.inputs)
		w.inputs = slices.DeleteFunc(w.inputs, func(in input) bool {
			if in.symlink == nil || w.hasTarget(in, paths) {
				return false
			}
			w.skipped(path.Join(in.path...), "it is a symlink to nothing in the torrent")
			return true
		})
		if len(w.inputs) == before {
			return
		}
	}
}

// hasTarget reports whether the target of a symlink is in the torrent: a file, a
// folder, another symlink, or something below a symlink.
func (w *walker) hasTarget(in input, paths map[string]bool) bool {
	target := path.Join(in.symlink...)
	if paths[target] || w.folders[target] {
		return true
	}
	for n := range in.symlink {
		if n > 0 && paths[path.Join(in.symlink[:n]...)] {
			return true
		}
	}
	return false
}
