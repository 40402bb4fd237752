package metainfo

import (
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/shoal-bt/shoal/metainfo/internal/charset"
	"github.com/shoal-bt/shoal/swarm"
)

// layOut makes Entries of files, in order: it gives them offsets and clean paths. It
// also sets the name, the pads and the length.
func (i *Info) layOut(name torrentName, files []rawFile, encoding string) error {
	c := systemCleaner()
	legacy := c // for names that may be in the torrent's encoding
	if !allUTF8(name, files) {
		legacy.decoder = charset.Decoder(encoding)
	}
	cleanerOf := func(utf8 bool) cleaner {
		if utf8 {
			return c
		}
		return legacy
	}
	i.setName(name, cleanerOf(name.utf8))
	i.Entries = make([]File, len(files))
	var off int64
	symlinks := false
	for n := range files {
		f := &files[n]
		e := &i.Entries[n]
		*e = File{
			Path:        i.Name,
			Original:    f.path,
			Offset:      off,
			Length:      f.length,
			Pad:         f.pad,
			Executable:  f.executable,
			Hidden:      f.hidden,
			MD5:         f.md5,
			SHA1:        f.sha1,
			PiecesRoot:  f.root,
			pieceLength: i.PieceLength,
		}
		if !i.Single {
			e.Path = cleanerOf(f.utf8).path(i.Name, f.path)
		}
		symlinks = symlinks || f.symlink != nil
		off += f.length
		if f.pad {
			i.addPad(e.Offset, e.Length)
		}
	}
	if off == 0 {
		return errors.New("the length is zero: no file has any content")
	}
	i.Length = off
	c.distinct(i.Entries)
	if symlinks {
		i.setSymlinks(files, legacy)
	}
	return nil
}

// setName sets Name. If nothing is left of the torrent's name, the info hash replaces it.
func (i *Info) setName(name torrentName, c cleaner) {
	i.originalName = name.text
	i.Name = c.component(name.text)
	switch {
	case i.Name != "":
	case i.HasV1():
		i.Name = hex.EncodeToString(i.HashV1[:])
	default:
		i.Name = hex.EncodeToString(i.HashV2[:])
	}
}

// allUTF8 reports whether all names are UTF-8. If only some are, those may be so by
// chance, which is likely for short ones, so all have the torrent's encoding.
func allUTF8(name torrentName, files []rawFile) bool {
	return utf8.ValidString(name.text) && !slices.ContainsFunc(files, func(f rawFile) bool {
		return slices.ContainsFunc(f.path, func(s string) bool { return !utf8.ValidString(s) })
	})
}

// addPad adds a pad, or makes the last one longer if they touch.
func (i *Info) addPad(off, length int64) {
	if length == 0 {
		return
	}
	if n := len(i.pads); n > 0 && i.pads[n-1].End() == off {
		i.pads[n-1].Length += length
		return
	}
	i.pads = append(i.pads, swarm.Span{Offset: off, Length: length})
}

// setSymlinks gives symlinks their targets. If the target is a file of the torrent, it
// is the path that this file got here. Any other target is cleaned, so it never leads
// out of the torrent's folder.
// BEP 47, "Symlinks": https://www.bittorrent.org/beps/bep_0047.html
func (i *Info) setSymlinks(files []rawFile, c cleaner) {
	// The zero byte separates components. A name that contains one finds no
	// file.
	byPath := make(map[string]string, len(files))
	for n := range files {
		if !files[n].pad {
			byPath[strings.Join(files[n].path, "\x00")] = i.Entries[n].Path
		}
	}
	for n := range files {
		target := files[n].symlink
		if target == nil {
			continue
		}
		if p, ok := byPath[strings.Join(target, "\x00")]; ok {
			i.Entries[n].Symlink = p
		} else {
			i.Entries[n].Symlink = c.path(i.Name, target)
		}
	}
}
