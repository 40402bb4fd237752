// Package modified remembers which files of a torrent another program may have changed.
//
// In come the paths of files whose modification time changed, and of those whose pieces
// were found right; out go the files that must be hashed, and whether they are right. Not here:
// when that is done.
package modified

import (
	"maps"
	"sync"
)

// MaxFalseAlarms is how often files are hashed again although they are right. After that
// their times say nothing, and they are hashed once more when the torrent is complete.
const MaxFalseAlarms = 3

// Files are the files of a torrent whose modification time changed without a write of ours.
// The zero Files is ready for use. Its methods may be called concurrently.
type Files struct {
	mu   sync.Mutex // guards what follows
	seen *changes   // nil while no file has changed, as with most torrents
}

// changes are all changes of a torrent's files.
type changes struct {
	last        int            // number of the last change
	noticed     map[string]int // number of the last change of a file, by path
	right       map[string]int // of those, the last change after which all its pieces were right
	falseAlarms int            // times that all pieces were right
}

// Notice notes which files changed, as list says. Unchecked waits for it, so that nobody misses
// a change that list has forgotten and Files does not have yet.
func (f *Files) Notice(list func() []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	paths := list()
	if len(paths) == 0 {
		return
	}
	if f.seen == nil {
		f.seen = &changes{noticed: make(map[string]int), right: make(map[string]int)}
	}
	for _, path := range paths {
		f.seen.last++
		f.seen.noticed[path] = f.seen.last
	}
}

// Unchecked reports whether a file was not hashed since it changed.
func (f *Files) Unchecked(path string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen != nil && f.seen.noticed[path] != f.seen.right[path]
}

// ToCheck returns the files to hash now, for Right; none for nil. If all is set, these are
// all files that ever changed, because it is the last look.
func (f *Files) ToCheck(all bool) map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seen == nil || (!all && f.seen.falseAlarms >= MaxFalseAlarms) {
		return nil
	}
	check := maps.Clone(f.seen.noticed)
	maps.DeleteFunc(check, func(path string, change int) bool { return !all && change == f.seen.right[path] })
	return check
}

// Right notes that the files of ToCheck were right. A file that changed meanwhile is still to
// be checked.
func (f *Files) Right(checked map[string]int, all bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.seen
	if s == nil {
		return // nothing was checked
	}
	s.falseAlarms++
	for path, change := range checked {
		s.right[path] = change
		if all && s.noticed[path] == change {
			delete(s.noticed, path)
			delete(s.right, path)
		}
	}
}

// FalseAlarms returns how often files were hashed although they were right.
func (f *Files) FalseAlarms() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seen == nil {
		return 0
	}
	return f.seen.falseAlarms
}
