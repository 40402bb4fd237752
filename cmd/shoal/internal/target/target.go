// Package target finds out before a download what would end it later.
package target

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/filesystem"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// ErrNoRoom says that a torrent does not fit on the disk.
var ErrNoRoom = errors.New("there is too little room")

// A Target is the folder that a command downloads to. It finds out before a download what
// would end it later.
type Target struct {
	dir     string
	disk    diskstore.Options // where files are while they are incomplete
	swarms  map[swarm.ID]bool // of the torrents that were admitted
	needed  int64             // bytes that the torrents which were checked still need
	owners  map[string]string // the name of the torrent that a file to write belongs to
	folders map[string]error  // what is wrong with folders that were looked at; nil for nothing
}

// New returns the target dir. disk says where files are while they are incomplete.
func New(dir string, disk diskstore.Options) *Target {
	return &Target{
		dir:     dir,
		disk:    disk,
		swarms:  make(map[swarm.ID]bool),
		owners:  make(map[string]string),
		folders: make(map[string]error),
	}
}

// Admit returns why a torrent cannot be downloaded to the target, together with the
// torrents that were admitted before; nil if nothing speaks against it. A torrent that was
// admitted before needs nothing more: the client says that it is there already. r says which files
// are wanted, and where a former run put them.
func (g *Target) Admit(info *metainfo.Info, r client.Recorded) error {
	if slices.ContainsFunc(info.IDs(), func(id swarm.ID) bool { return g.swarms[id] }) {
		return nil
	}
	dir, err := filepath.Abs(g.dir)
	if err != nil {
		return err
	}
	existing := filesystem.Existing(dir)
	if st, err := os.Stat(existing); err == nil && !st.IsDir() {
		return &fs.PathError{Op: "create", Path: existing, Err: syscall.ENOTDIR}
	}
	longest, known := filesystem.LongestName(existing)
	var missing int64
	var written []string
	files := Files(info, dir)
	names, err := g.namesOf(dir, files, r)
	if err != nil {
		return err
	}
	for i, f := range files {
		isUnwanted := r.Priorities != nil && r.Priorities[i] == 0
		if f.Pad || isUnwanted {
			continue
		}
		if err := g.checkFolders(dir, path.Dir(f.Path)); err != nil {
			return err
		}
		if name := path.Base(f.Path); known && len(name) > longest {
			return &fs.PathError{Op: "create", Path: terminal.Sanitize(f.Path), Err: syscall.ENAMETOOLONG}
		}
		n := missingOf(names, f)
		if n == 0 {
			continue
		}
		if owner, taken := g.owners[f.Path]; taken {
			return advice.New(fmt.Errorf("the torrent %s, which was named before, has the file %s too, and only one of them can write it", owner, terminal.Sanitize(f.Path)),
				"Download it on its own into another folder with --dir.")
		}
		missing += n
		written = append(written, f.Path)
	}
	if missing > 0 {
		if err := g.checkRoom(existing, missing); err != nil {
			return err
		}
	}
	for _, file := range written {
		g.owners[file] = terminal.Sanitize(info.Name)
	}
	g.needed += missing
	for _, id := range info.IDs() {
		g.swarms[id] = true
	}
	return nil
}

// Files returns the files of a torrent in dir. One that exists under its own name has that
// name, even if a download would give it another.
func Files(info *metainfo.Info, dir string) []swarm.File {
	return info.ExistingFiles(func(file string) bool {
		_, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(file)))
		return err == nil
	})
}

// namesOf returns where the files of a torrent are, complete or not.
func (g *Target) namesOf(dir string, files []swarm.File, r client.Recorded) (*diskstore.Names, error) {
	options := r.Disk
	options.Suffix, options.IncompleteDir = g.disk.Suffix, g.disk.IncompleteDir
	return diskstore.NewNames(dir, files, options)
}

// missingOf returns how many bytes of a file still need room.
func missingOf(names *diskstore.Names, f swarm.File) int64 {
	if f.Symlink != "" {
		return 0
	}
	return filesystem.Missing(names.Path(f.Path), f.Length)
}

// checkRoom returns an error if nothing can be written to a folder, or if missing bytes
// more than those that are needed already do not fit.
func (g *Target) checkRoom(existing string, missing int64) error {
	if err := filesystem.CheckWritable(existing); err != nil {
		return err
	}
	free, known := filesystem.Free(existing)
	if needed := g.needed + missing; known && free < needed {
		return fmt.Errorf("%w: %s are needed in %s, and %s are free", ErrNoRoom, quantity.Size(needed), g.dir, quantity.Size(free))
	}
	return nil
}

// checkFolders returns an error if a folder of a torrent cannot be made below dir.
func (g *Target) checkFolders(dir, folder string) error {
	if err, seen := g.folders[folder]; seen || folder == "." {
		return err
	}
	err := g.checkFolders(dir, path.Dir(folder))
	if err == nil {
		full := filepath.Join(dir, filepath.FromSlash(folder))
		st, statErr := os.Stat(full)
		switch {
		case statErr == nil && !st.IsDir():
			err = &fs.PathError{Op: "create", Path: full, Err: syscall.ENOTDIR}
		case statErr != nil && isSymlink(full):
			err = leadsNowhere(folder)
		}
	}
	g.folders[folder] = err
	return err
}
