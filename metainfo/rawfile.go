package metainfo

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/metainfo/internal/layout"
)

// A rawFile is one file as the v1 or the v2 part of an info dictionary describes it,
// checked but not cleaned.
type rawFile struct {
	path       []string // below the torrent's folder, or just the name
	utf8       bool     // the path is from a key that says so
	length     int64
	pad        bool
	executable bool
	hidden     bool
	symlink    []string // the target below the torrent's folder; nil for none
	md5, sha1  string
	root       [32]byte
}

// readAttributes reads the attributes of BEP 47 from d: the kind of file n and the
// target of a symlink. It reports whether it is a symlink, which has no length. One
// without a target becomes an empty file, as in libtorrent.
// https://www.bittorrent.org/beps/bep_0047.html
func (f *rawFile) readAttributes(d bencode.Value, n int, w *warnings) (symlink bool) {
	attr, err := optional(d.GetBytes("attr"))
	if err != nil {
		w.add("attr", "file %d: %v; it is ignored", n, err)
	}
	for _, c := range attr {
		switch c {
		case 'p':
			f.pad = true
		case 'x':
			f.executable = true
		case 'h':
			f.hidden = true
		case 'l':
			symlink = true
		}
	}
	if symlink {
		if f.symlink, err = readComponents(d, "symlink path"); err != nil {
			w.add("symlink path", "file %d: %v; it becomes an empty file", n, err)
			f.symlink = nil
		}
	}
	return symlink
}

// errTooDeep says that a path has more than MaxDepth components.
var errTooDeep = fmt.Errorf("more than %d folders deep", layout.MaxDepth)

// readComponents reads the list of strings of a key, which must not be empty. If some of
// it is malformed, it returns the other components with an error.
func readComponents(d bencode.Value, key string) ([]string, error) {
	list, err := d.GetList(key)
	if err != nil {
		return nil, err
	}
	out := make([]string, 0, 2)
	for v := range list.List() {
		s, malformed := v.Text()
		if malformed != nil {
			err = fmt.Errorf("%s: %w", key, malformed)
			continue
		}
		if len(out) == layout.MaxDepth {
			return nil, fmt.Errorf("%s: %w", key, errTooDeep)
		}
		out = append(out, s)
	}
	if len(out) == 0 && err == nil {
		err = fmt.Errorf("%s is empty", key)
	}
	return slices.Clip(out), err
}

// maxPathMemory limits the memory that the paths of a torrent take, in bytes. A v2
// torrent has the name of a folder once, but each file below it has a path.
const maxPathMemory = 128 << 20

// A pathBudget counts how much of maxPathMemory is used.
type pathBudget struct{ spent int }

func (b *pathBudget) spend(path []string) error {
	for _, s := range path {
		b.spent += len(s) + 16
	}
	if b.spent > maxPathMemory {
		return fmt.Errorf("the paths take more than %d bytes of memory", maxPathMemory)
	}
	return nil
}

// quotePath quotes a path for an error message, and cuts it if it is long.
func quotePath(path []string) string { return quote(strings.Join(path, "/")) }

// quote quotes s for an error message, and cuts it if it is long.
func quote(s string) string {
	const most = 100
	if len(s) > most {
		return strconv.Quote(s[:most]) + "…"
	}
	return strconv.Quote(s)
}

// optional returns the zero value instead of an error if the key is missing.
func optional[T any](v T, err error) (T, error) {
	if bencode.IsMissing(err) {
		var zero T
		return zero, nil
	}
	return v, err
}

// readLength reads the length of a file from d, in bytes.
func readLength(d bencode.Value) (int64, error) {
	n, err := d.GetInt("length")
	if err != nil {
		return 0, err
	}
	if n < 0 {
		return 0, fmt.Errorf("length %d is negative", n)
	}
	return n, nil
}
