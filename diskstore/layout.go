package diskstore

import (
	"fmt"
	"io/fs"
	"math"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/shoal-bt/shoal/swarm"
)

// States of a file, as the store last saw it.
const (
	absent    int32 = iota // it did not exist
	present                // it existed in the torrent's size
	wrongSize              // it existed in another size and may be resized
)

// A file is one file of the torrent and its state on disk.
type file struct {
	swarm.File
	reading handle // open for reading
	writing handle // open for reading and writing
	state   atomic.Int32
	ours    atomic.Bool
	dirty   atomic.Bool // written to since the last sync
	failed  error       // of the first failed sync; guarded by Store.syncing

	grows bool         // it gets its length by writes; set by Open
	end   atomic.Int64 // bytes that it has on disk at least, if it grows

	index    int           // in the torrent's files
	unwanted atomic.Bool   // as Options.Unwanted and SetUnwanted say
	inPart   atomic.Bool   // bytes of it may be in the part file, or places are reserved for them
	partEnd  *atomic.Int64 // of the part file alone: the size that it has at least, in bytes

	modification modification
}

// onDisk reports whether f exists on disk. Pad files do not: see
// https://www.bittorrent.org/beps/bep_0047.html#padding-files.
func (f *file) onDisk() bool { return !f.Pad }

// empty reports whether f is on a disk without any bytes.
func (f *file) empty() bool { return !f.Pad && f.Length == 0 }

// fits reports whether f has a size that it may have.
func (f *file) fits(size int64) bool {
	if f.partEnd != nil {
		return size >= f.partEnd.Load()
	}
	return size == f.Length || f.mayGrowFrom(size)
}

// sizeError returns the error for a size that f may not have.
func (f *file) sizeError(size int64) error {
	if f.partEnd != nil {
		return wrapError("open", f.Path, -1, errPartCut)
	}
	return &SizeError{Path: f.Path, Want: f.Length, Have: size}
}

// A span is the range of the torrent, in bytes, that a file holds.
type span struct {
	offset, end int64
	file        *file
}

// A layout says which file each byte of a torrent is in.
type layout struct {
	files  []*file // in the torrent's order
	spans  []span  // of the files that have bytes on disk, in order of offset
	length int64   // of the torrent, in bytes
	byPath map[string]*file
}

// newLayout checks files and returns their layout. Their offsets must not overlap
// and their paths must be valid.
func newLayout(files []swarm.File) (layout, error) {
	l := layout{files: make([]*file, len(files)), byPath: make(map[string]*file, len(files))}
	made := make([]file, len(files))
	for i, f := range files {
		made[i].File, made[i].index = f, i
		l.files[i] = &made[i]
		switch {
		case f.Length < 0 || f.Offset < 0 || f.Offset > math.MaxInt64-f.Length:
			return layout{}, fmt.Errorf("diskstore: file %d: offset %d and length %d are not a valid range", i, f.Offset, f.Length)
		case f.Length > 0 && f.Offset < l.length:
			return layout{}, fmt.Errorf("diskstore: file %d: starts at %d, before the end of the file before it", i, f.Offset)
		}
		l.length = max(l.length, f.Offset+f.Length)
		if !f.Pad {
			if err := checkPath(f); err != nil {
				return layout{}, fmt.Errorf("diskstore: file %d: %w", i, err)
			}
		}
		if !f.Pad && f.Length > 0 {
			l.spans = append(l.spans, span{f.Offset, f.Offset + f.Length, l.files[i]})
		}
	}
	return l, l.checkTree()
}

// checkPath returns what is wrong with the path of f or with its symlink's target.
// See the symlink path in https://www.bittorrent.org/beps/bep_0047.html.
func checkPath(f swarm.File) error {
	if !isLocalPath(f.Path) {
		return fmt.Errorf("path %q is not a valid path within the folder", f.Path)
	}
	if f.Symlink == "" {
		return nil
	}
	if f.Length != 0 {
		return fmt.Errorf("symlink %q has %d bytes, want 0", f.Path, f.Length)
	}
	// A torrent's files share their first folder. A link to something beside
	// that folder could lead into another torrent.
	first, _, nested := strings.Cut(f.Path, "/")
	leavesFirst := nested && f.Symlink != first && !strings.HasPrefix(f.Symlink, first+"/")
	if !isLocalPath(f.Symlink) || f.Symlink == f.Path || leavesFirst {
		return fmt.Errorf("symlink %q leads to %q, out of the torrent", f.Path, f.Symlink)
	}
	return nil
}

// isLocalPath reports whether name stays within its folder on this system.
func isLocalPath(name string) bool {
	return fs.ValidPath(name) && name != "." && !strings.ContainsRune(name, 0) && filepath.IsLocal(filepath.FromSlash(name))
}

// checkTree returns an error if two files have the same path, or if the path of one
// leads through another. So no file is ever reached through a symlink of the torrent.
func (l layout) checkTree() error {
	for _, f := range l.files {
		if !f.onDisk() {
			continue
		}
		if l.byPath[f.Path] != nil {
			return fmt.Errorf("diskstore: two files have the path %q", f.Path)
		}
		l.byPath[f.Path] = f
	}
	for _, f := range l.files {
		if !f.onDisk() {
			continue
		}
		for dir := path.Dir(f.Path); dir != "."; dir = path.Dir(dir) {
			if l.byPath[dir] != nil {
				return fmt.Errorf("diskstore: %q is both a file and the folder of %q", dir, f.Path)
			}
		}
	}
	return nil
}

// find returns the index of the first span that ends after off.
func (l layout) find(off int64) int {
	i, _ := slices.BinarySearchFunc(l.spans, off, func(s span, off int64) int {
		if s.end > off {
			return 1
		}
		return -1
	})
	return i
}
