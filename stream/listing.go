package stream

import (
	"cmp"
	"slices"
	"strings"
)

// pageSize is how many entries a page has.
const pageSize = 1000

// maxLinked is how long the path of a folder may be that is linked, in bytes, so that a page
// stays small.
const maxLinked = 4096

// An entry is a file or a folder in a listing.
type entry struct {
	name   string // the last element of its path, as the torrent has it
	folder bool
	index  int   // of the file; -1 for a folder
	count  int   // of the files in the folder
	length int64 // bytes
	held   int64
}

// A listing is what is in a folder of a torrent. The folder at the top has the empty path.
type listing struct {
	folder  string  // its path
	entries []entry // folders first, in the order in which people count
	length  int64   // bytes of all
	held    int64
}

// maxDescent is how many folders list goes down at most.
const maxDescent = 8

// list lists a folder. Unless a folder is asked for, it goes down while there is nothing but one
// folder.
func list(files []File, folder string, asked bool) listing {
	l := listFolder(files, folder)
	for range maxDescent {
		alone := len(l.entries) == 1 && l.entries[0].folder && l.entries[0].name != ""
		if asked || !alone {
			break
		}
		l = listFolder(files, join(l.folder, l.entries[0].name))
	}
	return l
}

// listFolder lists a folder.
func listFolder(files []File, folder string) listing {
	l := listing{folder: folder}
	folders := make(map[string]int) // their indices in the entries
	for i, f := range files {
		rest, ok := below(f.Path, folder)
		if !ok {
			continue
		}
		l.length += f.Length
		l.held += f.Held
		name, _, isFolder := strings.Cut(rest, "/")
		if !isFolder {
			l.entries = append(l.entries, entry{name: name, index: i, length: f.Length, held: f.Held})
			continue
		}
		at, ok := folders[name]
		if !ok {
			at = len(l.entries)
			folders[name] = at
			l.entries = append(l.entries, entry{name: name, folder: true, index: -1})
		}
		l.entries[at].count++
		l.entries[at].length += f.Length
		l.entries[at].held += f.Held
	}
	slices.SortFunc(l.entries, func(a, b entry) int {
		if a.folder != b.folder {
			if a.folder {
				return -1
			}
			return 1
		}
		return cmp.Or(compareNames(a.name, b.name), cmp.Compare(a.index, b.index))
	})
	return l
}

// below returns the rest of a path that is below a folder.
func below(path, folder string) (rest string, ok bool) {
	if folder == "" {
		return strings.TrimPrefix(path, "/"), true
	}
	rest, ok = strings.CutPrefix(path, folder)
	if !ok {
		return "", false
	}
	return strings.CutPrefix(rest, "/")
}

// join returns the path of what is in a folder.
func join(folder, name string) string {
	if folder == "" {
		return name
	}
	return folder + "/" + name
}

// page returns the entries of a page, which counts from 1, and how many pages there are. A page
// that does not exist is the nearest one.
func (l listing) page(number int) (entries []entry, page, pages int) {
	pages = max(1, (len(l.entries)+pageSize-1)/pageSize)
	page = min(max(number, 1), pages)
	return l.entries[(page-1)*pageSize : min(page*pageSize, len(l.entries))], page, pages
}

// compareNames compares names as people do: numbers in them by value, letters without case.
func compareNames(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		if isDigit(x[0]) && isDigit(y[0]) {
			var m, n string
			m, x = cutDigits(x)
			n, y = cutDigits(y)
			if c := cmp.Or(cmp.Compare(len(m), len(n)), cmp.Compare(m, n)); c != 0 {
				return c
			}
			continue
		}
		if c := cmp.Compare(lower(x[0]), lower(y[0])); c != 0 {
			return c
		}
		x, y = x[1:], y[1:]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(a, b))
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// lower returns the lower case of a letter of ASCII.
func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		b += 'a' - 'A'
	}
	return b
}

// cutDigits cuts the digits with which a text begins off, without leading zeros.
func cutDigits(text string) (digits, rest string) {
	end := 0
	for end < len(text) && isDigit(text[end]) {
		end++
	}
	return strings.TrimLeft(text[:end], "0"), text[end:]
}
