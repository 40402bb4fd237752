package metainfo

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/metainfo/internal/layout"
)

// A rawFile is what the v1 or the v2 part of an info dictionary says of one
// file, checked but not cleaned.
type rawFile struct {
	path       []string // below the torrent's folder, or just the name
	length     int64
	pad        bool
	executable bool
	hidden     bool
	symlink    []string // the target below the torrent's folder; nil for none
	md5, sha1  string
	root       [32]byte
}

// readAttributes fills in what BEP 47 says of a file in d: its attributes and
// where it links to. It reports whether it is a symlink, which has no length.
// https://www.bittorrent.org/beps/bep_0047.html
func (f *rawFile) readAttributes(d bencode.Value) (symlink bool, err error) {
	attr, err := optional(d.GetBytes("attr"))
	if err != nil {
		return false, err
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
	if !symlink {
		return false, nil
	}
	target, err := d.GetList("symlink path")
	if err != nil {
		return false, err
	}
	f.symlink, err = readComponents(target)
	if err != nil {
		return false, fmt.Errorf("symlink path: %w", err)
	}
	if len(f.symlink) == 0 {
		return false, errors.New("symlink path is empty")
	}
	return true, nil
}

// readComponents reads a list of strings.
func readComponents(list bencode.Value) ([]string, error) {
	out := make([]string, 0, 2)
	for v := range list.List() {
		s, err := v.Text()
		if err != nil {
			return nil, err
		}
		if len(out) == layout.MaxDepth {
			return nil, fmt.Errorf("more than %d folders deep", layout.MaxDepth)
		}
		out = append(out, s)
	}
	return slices.Clip(out), nil
}

// maxPathMemory bounds what the paths of a torrent take in memory, in bytes. A
// v2 torrent says the name of a folder once, but each file in it has a path.
const maxPathMemory = 128 << 20

// A pathBudget is what is spent of maxPathMemory.
type pathBudget struct{ spent int }

func (b *pathBudget) spend(path []string) error {
	for _, s := range path {
		b.spent += len(s) + 16
	}
	if b.spent > maxPathMemory {
		return fmt.Errorf("the paths take more than %d bytes", maxPathMemory)
	}
	return nil
}

// quotePath returns a path as an error shows it: quoted, and not of any length.
func quotePath(path []string) string { return quote(strings.Join(path, "/")) }

// quote returns s as an error shows it.
func quote(s string) string {
	const most = 100
	if len(s) > most {
		return strconv.Quote(s[:most]) + "…"
	}
	return strconv.Quote(s)
}

// optional turns the error of a missing key into the zero value.
func optional[T any](v T, err error) (T, error) {
	if bencode.IsMissing(err) {
		var zero T
		return zero, nil
	}
	return v, err
}

// readLength reads the readLength of a file from d.
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
