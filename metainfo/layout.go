package metainfo

import (
	"errors"
	"strings"

	"github.com/shoal-bt/shoal/swarm"
)

// layOut makes Entries of files, in order: it gives them offsets and clean paths. It
// also sets the pads and the length.
func (i *Info) layOut(files []rawFile, c cleaner) error {
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
			e.Path = c.path(i.Name, f.path)
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
	if err := distinct(i.Entries); err != nil {
		return err
	}
	if symlinks {
		i.setSymlinks(files, c)
	}
	return nil
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
