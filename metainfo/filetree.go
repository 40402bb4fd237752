package metainfo

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/shoal-bt/shoal/bencode"
)

// fileTree reads the files of a v2 info dictionary. single says that there is
// one file, which has the torrent's name, and no folder.
// BEP 52, "File tree layout": https://www.bittorrent.org/beps/bep_0052.html
func fileTree(info bencode.Value, name string) (files []rawFile, single bool, err error) {
	tree, err := info.GetDict("file tree")
	if err != nil {
		return nil, false, err
	}
	if _, ok := tree.Get(""); ok {
		return nil, false, errors.New("file tree: the root is a file")
	}
	w := treeWalker{}
	if err := w.walk(tree, nil); err != nil {
		return nil, false, err
	}
	single = len(w.files) == 1 && len(w.files[0].path) == 1 && w.files[0].path[0] == name && w.files[0].symlink == nil
	return w.files, single, nil
}

type treeWalker struct{ files []rawFile }

// walk reads the entries of a folder. How deep it goes is bounded by how deep
// the scanner lets dictionaries nest.
func (w *treeWalker) walk(folder bencode.Value, path []string) error {
	for key, v := range folder.Dict() {
		here := append(path[:len(path):len(path)], string(key))
		if v.Kind() != bencode.Dict {
			return fmt.Errorf("file tree: %q: %w", strings.Join(here, "/"), &bencode.TypeError{Want: bencode.Dict, Got: v.Kind()})
		}
		leaf, isFile := v.Get("")
		if !isFile {
			if err := w.walk(v, here); err != nil {
				return err
			}
			continue
		}
		f, err := treeFile(leaf)
		if err == nil && v.Len() != 1 {
			err = errors.New("it is a file and a folder")
		}
		if err != nil {
			return fmt.Errorf("file %d (%q): %w", len(w.files), strings.Join(here, "/"), err)
		}
		f.path = slices.Clip(here)
		w.files = append(w.files, f)
	}
	return nil
}

// treeFile reads what the tree says of one file.
func treeFile(d bencode.Value) (f rawFile, err error) {
	if d.Kind() != bencode.Dict {
		return f, &bencode.TypeError{Want: bencode.Dict, Got: d.Kind()}
	}
	symlink, err := f.readAttributes(d)
	if err != nil {
		return f, err
	}
	if f.pad {
		return f, errors.New("it is a pad, which v2 does not have")
	}
	if symlink {
		return f, nil
	}
	if f.length, err = length(d); err != nil || f.length == 0 {
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

// withPads puts a pad behind each file that does not end with a piece, if
// there is content behind it, as v2 lays files out. A last pad of tail bytes
// goes behind the last content.
func withPads(files []rawFile, pieceLength, tail int64) []rawFile {
	last := len(files) - 1
	for last >= 0 && files[last].length == 0 {
		last--
	}
	out := make([]rawFile, 0, len(files))
	var off int64
	for n, f := range files {
		out = append(out, f)
		off += f.length
		gap := alignUp(off, pieceLength) - off
		if n == last {
			gap = tail
		}
		if n <= last && gap > 0 {
			out = append(out, rawFile{path: padPath(gap), length: gap, pad: true})
			off += gap
		}
	}
	return out
}
