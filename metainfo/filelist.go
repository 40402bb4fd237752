package metainfo

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/metainfo/internal/layout"
)

// fileList reads the files of a v1 info dictionary from its entries "length" and
// "files". single reports whether there is one file and no folder.
// BEP 3, "info dictionary": https://www.bittorrent.org/beps/bep_0003.html
func fileList(info bencode.Value, name torrentName, w *warnings) (files []rawFile, single bool, err error) {
	_, hasLength := info.Get("length")
	list, hasFiles := info.Get("files")
	switch {
	case hasLength && !hasFiles:
		f, err := readOnlyFile(info, w)
		f.path, f.utf8 = []string{name.text}, name.utf8
		return []rawFile{f}, true, err
	case !hasFiles:
		return nil, false, errors.New("it has neither length nor files")
	case list.Kind() != bencode.List:
		return nil, false, &bencode.TypeError{Key: "files", Want: bencode.List, Got: list.Kind()}
	}
	if hasLength {
		w.add("length", "the torrent has files; it is ignored")
	}
	var budget pathBudget
	for v := range list.List() {
		f, err := readListEntry(v, len(files), w)
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

// readOnlyFile reads the file of a torrent that has just one and no folder. It is
// neither a pad nor a symlink, whatever its attributes say, because it has a length.
func readOnlyFile(info bencode.Value, w *warnings) (f rawFile, err error) {
	if symlink := f.readAttributes(info, 0, w); symlink || f.pad {
		w.add("attr", "the only file cannot be a pad or a symlink; it is read as a file")
		f.pad, f.symlink = false, nil
	}
	f.readSums(info)
	f.length, err = readLength(info)
	return f, err
}

// readListEntry reads file n of the list.
func readListEntry(d bencode.Value, n int, w *warnings) (f rawFile, err error) {
	if d.Kind() != bencode.Dict {
		return f, &bencode.TypeError{Want: bencode.Dict, Got: d.Kind()}
	}
	if symlink := f.readAttributes(d, n, w); !symlink { // it has none, whether it says so or not
		if f.length, err = readLength(d); err != nil {
			return f, err
		}
	}
	f.readSums(d)
	f.path, err = readComponents(d, "path.utf-8")
	f.utf8 = err == nil
	if !f.utf8 {
		f.path, err = readComponents(d, "path")
	}
	switch {
	case errors.Is(err, errTooDeep):
		return f, err
	case err != nil && f.pad: // its path has no meaning (BEP 47)
		f.path = layout.PadPath(f.length)
	case err != nil:
		w.add("path", "file %d: %v; it gets another name", n, err)
	}
	f.pad = f.pad || layout.IsPadName(f.path)
	return f, nil
}

// isMD5 reports whether sum is an MD5 in hexadecimal digits.
func isMD5(sum []byte) bool {
	var b [16]byte
	n, err := hex.Decode(b[:], sum[:min(len(sum), 32)])
	return err == nil && n == 16 && len(sum) == 32
}

// readSums reads hashes of a whole file. They are only hints, so a malformed one is left
// out.
func (f *rawFile) readSums(d bencode.Value) {
	if sum, _ := d.GetBytes("md5sum"); isMD5(sum) {
		f.md5 = string(sum)
	}
	if sum, _ := d.GetBytes("sha1"); len(sum) == 20 {
		f.sha1 = string(sum)
	}
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
		g.md5, g.sha1, g.utf8 = f.md5, f.sha1, f.utf8
	}
	if next != len(v2) {
		return nil, fmt.Errorf(mismatch+"v1 has %d files, v2 has %d", next, len(v2))
	}
	if off1 > layout.AlignUp(off2, pieceLength) {
		return nil, errors.New(mismatch + "v1 has a pad behind its last piece")
	}
	return withPads(v2, pieceLength, off1-off2), nil
}
