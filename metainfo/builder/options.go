package builder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/internal/dict"
	"github.com/shoal-bt/shoal/swarm"
)

// Options say how to make a torrent. The zero value is ready for use. Options may
// be used from many goroutines at once while nobody changes them; Progress and
// Skipped must then allow it too.
type Options struct {
	// Format is V1, V2 or Hybrid. Zero means V1.
	Format metainfo.Format

	// PieceLength is in bytes, a power of two from 16 KiB to 512 MiB. Zero
	// means that Policy chooses.
	PieceLength int64
	Policy      Policy

	// Name is the name of the torrent. Empty means the name of the file or
	// folder.
	Name string

	// Private and Source become part of the info dictionary, as in
	// metainfo.Info.
	Private bool
	Source  string

	// The other fields of metainfo.Torrent. All may be empty. The torrent gets
	// copies.
	Tiers                        [][]string
	WebSeeds, HTTPSeeds, Nodes   []string
	Comment, CreatedBy, Encoding string
	CreationDate                 time.Time
	Similar                      []swarm.ID
	Collections                  []string

	// Workers is the number of goroutines that read and hash. Zero means as
	// many as there are processors. Each takes up to 20 MiB of memory. Files
	// that cannot be read at any offset (io.ReaderAt) are read by one.
	Workers int

	// Progress, if it is set, is called every few MiB with the number of bytes
	// hashed so far and the number of all bytes. Its calls never overlap.
	Progress func(done, total int64)

	// Skipped, if it is set, is called for each thing in a folder that does
	// not become part of the torrent, with its path and the reason: sockets,
	// devices, and symlinks that lead to nothing in the torrent.
	Skipped func(path, why string)

	// NoSymlinks leaves out all symlinks. They are never followed.
	NoSymlinks bool

	// Exclude leaves out files and folders, by patterns as path.Match has them. A
	// pattern with a slash is matched against the path below the folder that is
	// built from, another one against the name at any depth. One that ends in a
	// slash matches only folders. A file that is named itself is never left out.
	Exclude []string

	// NoHidden leaves out hidden files and folders, whose names begin with a dot,
	// and those that systems put into folders, such as Thumbs.db.
	NoHidden bool

	// Excluded, if it is set, is called for each file and folder that Exclude or
	// NoHidden leaves out, with its path below the folder.
	Excluded func(path string)
}

// File makes a torrent of the file or folder at name. It follows name if that
// is a symlink, but no symlink below it.
func (o Options) File(ctx context.Context, name string) (*metainfo.Torrent, error) {
	t, err := o.file(ctx, name)
	return t, buildError(err)
}

func (o Options) file(ctx context.Context, name string) (*metainfo.Torrent, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	real, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return nil, err
	}
	fi, err := os.Stat(real)
	if err != nil {
		return nil, err
	}
	dir, inside := real, "."
	if !fi.IsDir() {
		dir, inside = filepath.Dir(real), filepath.Base(real)
	}
	// A Root keeps the walk in the folder, even if somebody replaces a folder by
	// a symlink while it runs.
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return o.walk(ctx, root.FS(), inside, filepath.Base(abs))
}

// FS makes a torrent of the file or folder at name in fsys. If name is "." then
// Options must have a Name. Symlinks are left out unless fsys is an
// fs.ReadLinkFS.
func (o Options) FS(ctx context.Context, fsys fs.FS, name string) (*metainfo.Torrent, error) {
	if name == "." && o.Name == "" {
		return nil, buildError(errors.New("the torrent needs a name: set Options.Name"))
	}
	t, err := o.walk(ctx, fsys, name, path.Base(name))
	return t, buildError(err)
}

func (o Options) walk(ctx context.Context, fsys fs.FS, name, base string) (*metainfo.Torrent, error) {
	exclusion, err := o.exclusion()
	if err != nil {
		return nil, err
	}
	w := walker{
		ctx:        ctx,
		exclusion:  exclusion,
		fsys:       fsys,
		root:       name,
		base:       base,
		skipped:    o.Skipped,
		noSymlinks: o.NoSymlinks,
	}
	if w.skipped == nil {
		w.skipped = func(string, string) {}
	}
	inputs, single, err := w.collect()
	if err != nil {
		return nil, err
	}
	return o.build(ctx, inputs, single, base)
}

// Bytes makes a torrent of one file with the given content.
func (o Options) Bytes(ctx context.Context, name string, content []byte) (*metainfo.Torrent, error) {
	in := input{
		path:   []string{name},
		onDisk: name,
		length: int64(len(content)),
		open:   func() (source, error) { return memoryFile{bytes.NewReader(content)}, nil },
	}
	t, err := o.build(ctx, []input{in}, true, name)
	return t, buildError(err)
}

// torrent returns a torrent that has everything except its Info.
func (o Options) torrent() (*metainfo.Torrent, error) {
	if _, err := dict.AppendNodes(nil, o.Nodes); err != nil {
		return nil, err
	}
	t := &metainfo.Torrent{
		WebSeeds:     slices.Clone(o.WebSeeds),
		HTTPSeeds:    slices.Clone(o.HTTPSeeds),
		Nodes:        slices.Clone(o.Nodes),
		Comment:      o.Comment,
		CreatedBy:    o.CreatedBy,
		Encoding:     o.Encoding,
		CreationDate: o.CreationDate.Truncate(time.Second),
		Similar:      slices.Clone(o.Similar),
		Collections:  slices.Clone(o.Collections),
	}
	for _, tier := range o.Tiers {
		t.Tiers = append(t.Tiers, slices.Clone(tier))
	}
	return t, nil
}

func (o Options) workers() int {
	if o.Workers <= 0 {
		return runtime.GOMAXPROCS(0)
	}
	return o.Workers
}

// buildError marks an error as one of building.
func buildError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("metainfo: building: %w", err)
}
