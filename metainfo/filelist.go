package metainfo

import (
	"errors"
	"fmt"
	"slices"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/metainfo/internal/layout"
)

// fileList reads the files of a v1 info dictionary from its entries "length" and
// "files". single reports whether there is one file and no folder.
// BEP 3, "info dictionary": https://www.bittorrent.org/beps/bep_0003.html
func fileList(info bencode.Value, name string) (files []rawFile, single bool, err error) {
	_, hasLength := info.Get("length")
	list, hasFiles := info.Get("files")
	switch {
	case hasLength && hasFiles:
		return nil, false, errors.New("it has both length and files")
	case hasLength:
		f, err := readListedFile(info)
		if err != nil {
			return nil, false, err
		}
		if f.pad || f.symlink != nil {
			return nil, false, errors.New("the only file is a pad or a symlink")
		}
		f.path = []string{name}
		return []rawFile{f}, true, nil
	case !hasFiles:
		return nil, false, errors.New("it has neither length nor files")
	case list.Kind() != bencode.List:
		return nil, false, &bencode.TypeError{Key: "files", Want: bencode.List, Got: list.Kind()}
	}
	var budget pathBudget
	for v := range list.List() {
		f, err := readListEntry(v)
		if err == nil {
			err = budget.spend(f.path)
		}
		if err != nil {
			return nil, false, fmt.Errorf("file %d: %w", len(files), err)
		}
		files = append(files, f)
	}
	return files, false, nil
}

// readListedFile reads all of a file in the list except its path.
func readListedFile(d bencode.Value) (f rawFile, err error) {
	if d.Kind() != bencode.Dict {
		return f, &bencode.TypeError{Want: bencode.Dict, Got: d.Kind()}
	}
	symlink, err := f.readAttributes(d)
	if err != nil {
		return f, err
	}
	if !symlink { // the length of a symlink is zero, whether it says so or not
		if f.length, err = readLength(d); err != nil {
			return f, err
		}
	}
	// These are only hints, so a malformed one is left out.
	f.md5, _ = d.GetText("md5sum")
	if sum, _ := d.GetBytes("sha1"); len(sum) == 20 {
		f.sha1 = string(sum)
	}
	return f, nil
}

func readListEntry(d bencode.Value) (f rawFile, err error) {
	if f, err = readListedFile(d); err != nil {
		return f, err
	}
	key := "path.utf-8"
	list, err := d.GetList(key)
	if err != nil {
		key = "path"
		list, err = d.GetList(key)
	}
	if f.pad && bencode.IsMissing(err) { // BEP 47: the path of a pad has no meaning
		f.path = layout.PadPath(f.length)
		return f, nil
	}
	if err != nil {
		return f, err
	}
	if f.path, err = readComponents(list); err != nil {
		return f, fmt.Errorf("%s: %w", key, err)
	}
	if len(f.path) == 0 && !f.pad {
		return f, fmt.Errorf("%s is empty", key)
	}
	f.pad = f.pad || layout.IsPadName(f.path)
	return f, nil
}

// mergeFiles checks that the v1 and the v2 part of a hybrid torrent describe the same
// files at the same offsets. It returns the files of v2, with the attributes and hashes
// that only v1 has. Pads come directly behind content, as in v2; in v1 there may be
// empty files between.
// BEP 52, "Upgrade Path": https://www.bittorrent.org/beps/bep_0052.html
func mergeFiles(v1, v2 []rawFile, pieceLength int64) ([]rawFile, error) {
	const mismatch = "v1 and v2 do not match: "
	var off1, off2 int64
	next := 0
	for i := range v1 {
		f := &v1[i]
		if f.pad {
			off1 += f.length
			continue
		}
		if next == len(v2) {
			return nil, fmt.Errorf(mismatch+"file %d of v1 is missing in v2", i)
		}
		g := &v2[next]
		next++
		switch {
		case !slices.Equal(f.path, g.path):
			return nil, fmt.Errorf(mismatch+"file %d is %s in v1, %s in v2", i, quotePath(f.path), quotePath(g.path))
		case f.length != g.length:
			return nil, fmt.Errorf(mismatch+"file %d has %d bytes in v1, %d in v2", i, f.length, g.length)
		case !slices.Equal(f.symlink, g.symlink):
			return nil, fmt.Errorf(mismatch+"file %d links to %s in v1, to %s in v2", i, quotePath(f.symlink), quotePath(g.symlink))
		}
		if f.length > 0 {
			off2 = layout.AlignUp(off2, pieceLength)
			if off1 != off2 {
				return nil, fmt.Errorf(mismatch+"file %d starts at byte %d in v1, at %d in v2", i, off1, off2)
			}
			off1 += f.length
			off2 += f.length
		}
		g.executable = f.executable || g.executable
		g.hidden = f.hidden || g.hidden
		g.md5, g.sha1 = f.md5, f.sha1
	}
	if next != len(v2) {
		return nil, fmt.Errorf(mismatch+"v1 has %d files, v2 has %d", next, len(v2))
	}
	if off1 > layout.AlignUp(off2, pieceLength) {
		return nil, errors.New(mismatch + "v1 has a pad behind its last piece")
	}
	return withPads(v2, pieceLength, off1-off2), nil
}
