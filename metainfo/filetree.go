package metainfo

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/metainfo/internal/layout"
)

// fileTree reads the files of a v2 info dictionary. single reports whether there is one
// file, which has the torrent's name, and no folder.
// BEP 52, "File tree layout": https://www.bittorrent.org/beps/bep_0052.html
func fileTree(info bencode.Value, name string, warn *warnings) (files []rawFile, single bool, err error) {
	tree, err := info.GetDict("file tree")
	if err != nil {
		return nil, false, err
	}
	if _, ok := tree.Get(""); ok {
		return nil, false, errors.New("file tree: the root is a file")
	}
	w := treeWalker{warnings: warn}
	if _, err := w.walk(tree.Raw(), nil); err != nil {
		return nil, false, err
	}
	single = len(w.files) == 1 && len(w.files[0].path) == 1 && w.files[0].path[0] == name && w.files[0].symlink == nil
	return w.files, single, nil
}

// A treeWalker reads a file tree in one pass. Looking up each folder by its key would
// scan its content once for every folder above it.
type treeWalker struct {
	files    []rawFile
	budget   pathBudget
	warnings *warnings
}

// walk reads the folder at the start of b and returns what follows it. A strict scan has
// accepted all of b before, and has limited how deep dictionaries nest.
func (w *treeWalker) walk(b []byte, path []string) (rest []byte, err error) {
	for b = b[1:]; b[0] != 'e'; {
		var key bencode.Value
		if key, b, err = bencode.ScanPrefix(b, bencode.Options{}); err != nil {
			return nil, err
		}
		name, err := key.Text()
		if err != nil {
			return nil, err
		}
		here := append(path[:len(path):len(path)], name)
		switch {
		case b[0] != 'd':
			v, _, err := bencode.ScanPrefix(b, bencode.Options{})
			if err == nil {
				err = &bencode.TypeError{Want: bencode.Dict, Got: v.Kind()}
			}
			return nil, fmt.Errorf("file tree: %s: %w", quotePath(here), err)
		case bytes.HasPrefix(b, emptyKey): // it sorts before all others
			var v bencode.Value
			if v, b, err = bencode.ScanPrefix(b, bencode.Options{}); err == nil {
				err = w.file(v, here)
			}
			if err != nil {
				return nil, fmt.Errorf("file %d (%s): %w", len(w.files), quotePath(here), err)
			}
		default:
			if b, err = w.walk(b, here); err != nil {
				return nil, err
			}
		}
	}
	return b[1:], nil
}

// emptyKey starts the dictionary that makes a path a file.
var emptyKey = []byte("d0:")

func (w *treeWalker) file(v bencode.Value, path []string) error {
	if v.Len() != 1 {
		return errors.New("it is a file and a folder")
	}
	leaf, _ := v.Get("")
	f, err := readTreeFile(leaf, len(w.files), w.warnings)
	if err != nil {
		return err
	}
	f.path = slices.Clone(path)
	w.files = append(w.files, f)
	return w.budget.spend(path)
}

// readTreeFile reads what the tree says of file n.
func readTreeFile(d bencode.Value, n int, w *warnings) (f rawFile, err error) {
	if d.Kind() != bencode.Dict {
		return f, &bencode.TypeError{Want: bencode.Dict, Got: d.Kind()}
	}
	if symlink := f.readAttributes(d, n, w); symlink {
		return f, nil
	}
	if f.pad {
		return f, errors.New("it is a pad, and v2 has none")
	}
	if f.length, err = readLength(d); err != nil || f.length == 0 {
		return f, err
	}
	root, err := d.GetBytes("pieces root")
	if err != nil {
		return f, err
	}
	if len(root) != len(f.root) {
		return f, fmt.Errorf("pieces root has %d bytes, want %d", len(root), len(f.root))
	}
	f.root = [32]byte(root)
	if f.root == [32]byte{} {
		return f, errors.New("pieces root is zero")
	}
	return f, nil
}

// withPads returns files with the pads between them. A last pad of tail bytes goes
// behind the last content.
func withPads(files []rawFile, pieceLength, tail int64) []rawFile {
	length := func(f *rawFile) int64 { return f.length }
	pad := func(n int64) rawFile { return rawFile{path: layout.PadPath(n), length: n, pad: true} }
	return layout.WithPads(files, length, pad, pieceLength, tail)
}
