package resume

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
)

// A simDisk is a disk that can fail or lose power at any step. Like a real one it may
// lose content and names that were not synced.
type simDisk struct {
	step   int
	failAt int  // the step that fails, counted from 1; 0 for none
	crash  bool // whether all steps after it fail too

	names   map[string]*inode // as programs see them
	durable map[string]*inode // as they are after a power cut
	pending []func(map[string]*inode)
}

type inode struct{ content, durable []byte }

var errFault = errors.New("injected fault")

func newSimDisk() *simDisk {
	return &simDisk{names: map[string]*inode{}, durable: map[string]*inode{}}
}

// next counts a step and reports whether it fails.
func (d *simDisk) next() error {
	d.step++
	if d.failAt != 0 && (d.step == d.failAt || (d.crash && d.step > d.failAt)) {
		return errFault
	}
	return nil
}

func (d *simDisk) name(change func(map[string]*inode)) {
	change(d.names)
	d.pending = append(d.pending, change)
}

func (d *simDisk) create(path string) (writer, error) {
	if err := d.next(); err != nil {
		return nil, err
	}
	if d.names[path] != nil {
		return nil, fs.ErrExist
	}
	n := &inode{}
	d.name(func(m map[string]*inode) { m[path] = n })
	return &simFile{d, n}, nil
}

func (d *simDisk) open(path string) (io.ReadCloser, error) {
	n := d.names[path]
	if n == nil {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(n.content)), nil
}

func (d *simDisk) rename(from, to string) error {
	if err := d.next(); err != nil {
		return err
	}
	n := d.names[from]
	d.name(func(m map[string]*inode) { delete(m, from); m[to] = n })
	return nil
}

func (d *simDisk) remove(path string) error {
	if err := d.next(); err != nil {
		return err
	}
	if d.names[path] == nil {
		return fs.ErrNotExist
	}
	d.name(func(m map[string]*inode) { delete(m, path) })
	return nil
}

func (d *simDisk) syncFolder(string) error {
	if err := d.next(); err != nil {
		return err
	}
	d.durable = maps.Clone(d.names)
	d.pending = nil
	return nil
}

// afterPowerCut returns the disks that are possible after a power cut: with the first few of
// the unsynced changes to names, and with all, none or half of the unsynced content.
func (d *simDisk) afterPowerCut() []*simDisk {
	var list []*simDisk
	for kept := 0; kept <= len(d.pending); kept++ {
		for content := range 3 {
			w := newSimDisk()
			w.durable = maps.Clone(d.durable)
			for _, change := range d.pending[:kept] {
				change(w.durable)
			}
			for path, n := range w.durable {
				c := n.content
				if !bytes.Equal(n.content, n.durable) {
					c = [][]byte{n.content, n.durable, n.content[:len(n.content)/2]}[content]
				}
				w.names[path] = &inode{c, c}
			}
			w.durable = maps.Clone(w.names)
			list = append(list, w)
		}
	}
	return list
}

type simFile struct {
	d *simDisk
	n *inode
}

func (f *simFile) Write(p []byte) (int, error) {
	if err := f.d.next(); err != nil {
		f.n.content = append(f.n.content, p[:len(p)/2]...) // a full disk takes some
		return len(p) / 2, err
	}
	f.n.content = append(f.n.content, p...)
	return len(p), nil
}

func (f *simFile) Sync() error {
	if err := f.d.next(); err != nil {
		return err
	}
	f.n.durable = bytes.Clone(f.n.content)
	return nil
}

func (f *simFile) Close() error { return f.d.next() }
