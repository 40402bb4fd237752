package metainfo

import (
	"strconv"
	"strings"
)

// distinct puts a number before the extension of each file whose path is also that of
// another file or of a folder. Folders keep their names, and so does the first of
// several files, so the result depends on the torrent alone.
func (c cleaner) distinct(files []File) {
	folders := make(map[string]bool)
	for i := range files {
		if files[i].Pad {
			continue
		}
		// fold works character by character, so a prefix of a folded path is the
		// folded prefix.
		key := c.fold(files[i].Path)
		for slash := strings.LastIndexByte(key, '/'); slash >= 0; slash = strings.LastIndexByte(key, '/') {
			key = key[:slash]
			if folders[key] {
				break // its parents are there too
			}
			folders[key] = true
		}
	}
	n := numberer{cleaner: c, folders: folders, taken: make(map[string]bool, len(files)), last: make(map[string]int)}
	for i := range files {
		if f := &files[i]; !f.Pad {
			f.Path = n.take(f.Path)
		}
	}
}

// A numberer gives each path away once.
type numberer struct {
	cleaner
	folders, taken map[string]bool
	last           map[string]int // the last number tried, by the path around it
}

// take returns the path, or one with a number if it is taken. Paths that differ only
// where they are cut off share their numbers, so that many long ones take no longer.
func (n *numberer) take(p string) string {
	if n.free(p) {
		n.taken[n.fold(p)] = true
		return p
	}
	const maxMark = 11 // "." and the digits of 2,147,483,647
	dir, name := "", p
	if slash := strings.LastIndexByte(p, '/'); slash >= 0 {
		dir, name = p[:slash+1], p[slash+1:]
	}
	ext := extension(name)
	stem := dir + n.cut(name[:len(name)-len(ext)], maxName-maxMark-n.length(ext))
	key := n.fold(stem + "/" + ext)
	for {
		n.last[key]++
		p = stem + "." + strconv.Itoa(n.last[key]) + ext
		if n.free(p) {
			n.taken[n.fold(p)] = true
			return p
		}
	}
}

func (n *numberer) free(p string) bool {
	key := n.fold(p)
	return !n.taken[key] && !n.folders[key]
}
