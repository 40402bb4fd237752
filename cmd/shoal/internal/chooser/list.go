package chooser

import (
	"strings"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/selection"
)

// A List is a list of files in folders, of which some are chosen.
type List struct {
	name    string // of the torrent
	files   []selection.File
	entries []entry
	visible []int // the entries that are not in closed folders

	cursor int // in visible
	top    int // the first of visible that the window shows
	page   int // how many the window shows

	state   State
	isEmpty bool // the user accepted while no file was chosen
}

// A State says whether a choice is made.
type State int

// The states of a List.
const (
	Choosing State = iota
	Accepted
	Aborted
)

// An entry is a file or a folder of a List.
type entry struct {
	name     string // as the torrent has it; escape it to show it
	depth    int    // folders above it
	parent   int    // an entry; -1 for none
	end      int    // the first entry that is not in this one
	file     int    // in files; -1 for a folder
	length   int64  // of all files in it, in bytes
	files    int    // in it; 1 for a file
	chosen   int    // how many of these are
	isClosed bool   // what is in the folder is not shown
}

// New returns a list of the files of a torrent. wanted says by place which are chosen; nil means
// all. New copies both.
func New(name string, files []selection.File, wanted []bool) *List {
	l := &List{name: name, files: files, page: 1}
	l.addFolder(l.order())
	for n, e := range l.entries {
		isChosen := e.file >= 0 && (wanted == nil || wanted[e.file])
		if isChosen {
			l.entries[n].chosen = 1
		}
	}
	l.count()
	l.reindex()
	return l
}

// A folder is one while a List is made. Torrents may name the files of a folder apart from each
// other.
type folder struct {
	children []child
	folders  map[string]*folder // those of the children that are folders, by name
}

// folder returns the folder of that name, which it makes if there is none.
func (f *folder) folder(name string) *folder {
	next := f.folders[name]
	if next == nil {
		next = &folder{folders: make(map[string]*folder)}
		f.folders[name] = next
		f.children = append(f.children, child{name, -1, next})
	}
	return next
}

// A child is a file or a folder in a folder.
type child struct {
	name   string
	file   int // -1 for a folder
	folder *folder
}

// order returns the files by folder, each folder where its first file is.
func (l *List) order() *folder {
	top := &folder{folders: make(map[string]*folder)}
	for n, f := range l.files {
		at, rest := top, f.Path
		for {
			name, below, isFolder := strings.Cut(rest, "/")
			if !isFolder {
				at.children = append(at.children, child{name, n, nil})
				break
			}
			at, rest = at.folder(name), below
		}
	}
	return top
}

// addFolder adds what is in a folder to the entries, without recursion, because a torrent decides
// how deep its folders are.
func (l *List) addFolder(top *folder) {
	type level struct {
		folder *folder
		next   int // of its children
		entry  int
	}
	levels := []level{{top, 0, -1}}
	for len(levels) > 0 {
		at := &levels[len(levels)-1]
		if at.next == len(at.folder.children) {
			if at.entry >= 0 {
				l.entries[at.entry].end = len(l.entries)
			}
			levels = levels[:len(levels)-1]
			continue
		}
		c := at.folder.children[at.next]
		at.next++
		n := len(l.entries)
		l.entries = append(l.entries, entry{name: c.name, depth: len(levels) - 1, parent: at.entry, end: n + 1, file: c.file})
		if c.folder != nil {
			levels = append(levels, level{c.folder, 0, n})
		}
	}
}

// count sums files and lengths up, from each file to all folders that it is in.
func (l *List) count() {
	for n := len(l.entries) - 1; n >= 0; n-- {
		e := &l.entries[n]
		if e.file >= 0 {
			e.files, e.length = 1, l.files[e.file].Length
		}
		if e.parent >= 0 {
			p := &l.entries[e.parent]
			p.files += e.files
			p.chosen += e.chosen
			p.length += e.length
		}
	}
}

// reindex finds out which entries are shown. The cursor stays at its entry, or goes to the folder
// that was closed above it.
func (l *List) reindex() {
	at := 0
	if l.cursor < len(l.visible) {
		at = l.visible[l.cursor]
	}
	l.visible = l.visible[:0]
	for n := 0; n < len(l.entries); {
		if n <= at {
			l.cursor = len(l.visible)
		}
		l.visible = append(l.visible, n)
		if l.entries[n].isClosed {
			n = l.entries[n].end
		} else {
			n++
		}
	}
}

// State says whether the choice is made.
func (l *List) State() State { return l.state }

// Wanted returns which files are chosen, by their place. The slice is the caller's.
func (l *List) Wanted() []bool {
	all := make([]bool, len(l.files))
	for _, e := range l.entries {
		if e.file >= 0 {
			all[e.file] = e.chosen > 0
		}
	}
	return all
}

// total returns how many files and bytes are chosen.
func (l *List) total() (files int, length int64) {
	for _, e := range l.entries {
		if e.file >= 0 && e.chosen > 0 {
			files++
			length += e.length
		}
	}
	return files, length
}

// Press does what a key means.
func (l *List) Press(k Key) {
	l.isEmpty = false
	switch k {
	case Up:
		l.moveTo(l.cursor - 1)
	case Down:
		l.moveTo(l.cursor + 1)
	case PageUp:
		l.moveTo(l.cursor - l.page)
	case PageDown:
		l.moveTo(l.cursor + l.page)
	case Home:
		l.moveTo(0)
	case End:
		l.moveTo(len(l.visible) - 1)
	case Left:
		l.closeFolder()
	case Right:
		l.openFolder()
	case Space:
		l.toggle()
	case All:
		l.toggleAll()
	case Enter:
		files, _ := l.total()
		l.isEmpty = files == 0
		if !l.isEmpty {
			l.state = Accepted
		}
	case Abort:
		l.state = Aborted
	}
}

// moveTo moves the cursor to a place in the visible entries, or as far as there are any.
func (l *List) moveTo(place int) {
	l.cursor = max(min(place, len(l.visible)-1), 0)
}

// current returns the entry at the cursor; -1 if there is none.
func (l *List) current() int {
	if l.cursor >= len(l.visible) {
		return -1
	}
	return l.visible[l.cursor]
}

// closeFolder closes the folder at the cursor, or goes to the one that the cursor is in.
func (l *List) closeFolder() {
	n := l.current()
	if n < 0 {
		return
	}
	e := &l.entries[n]
	if e.file < 0 && !e.isClosed {
		e.isClosed = true
		l.reindex()
		return
	}
	for place := l.cursor; place >= 0 && e.parent >= 0; place-- {
		if l.visible[place] == e.parent {
			l.moveTo(place)
			return
		}
	}
}

// openFolder opens the folder at the cursor, or goes to the first entry in it.
func (l *List) openFolder() {
	n := l.current()
	if n < 0 || l.entries[n].file >= 0 {
		return
	}
	if !l.entries[n].isClosed {
		l.moveTo(l.cursor + 1)
		return
	}
	l.entries[n].isClosed = false
	l.reindex()
}

// toggle chooses what is at the cursor, or takes it back if all of it is chosen; then the cursor
// moves on, so that Space again and again goes through the list.
func (l *List) toggle() {
	n := l.current()
	if n < 0 {
		return
	}
	e := &l.entries[n]
	before := e.chosen
	l.set(n, e.end, e.chosen < e.files)
	for p := e.parent; p >= 0; p = l.entries[p].parent {
		l.entries[p].chosen += e.chosen - before
	}
	if e.file >= 0 {
		l.moveTo(l.cursor + 1)
	}
}

// toggleAll chooses every file, or none if every one is chosen.
func (l *List) toggleAll() {
	files, _ := l.total()
	l.set(0, len(l.entries), files < len(l.files))
}

// set chooses all of a run of entries, or none.
func (l *List) set(first, end int, isChosen bool) {
	for n := first; n < end; n++ {
		e := &l.entries[n]
		e.chosen = 0
		if isChosen {
			e.chosen = e.files
		}
	}
}
