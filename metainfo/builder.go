package metainfo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/shoal-bt/shoal/swarm"
)

// A Builder makes torrents. Its zero value is ready for use. The same content
// and the same Builder always make the same bytes. A Builder may be used from
// many goroutines at once while nobody changes it.
type Builder struct {
	// Format is V1, V2 or Hybrid. Zero means V1.
	Format Format

	// PieceLength is in bytes, a power of two from 16 KiB to 512 MiB. Zero
	// means that Policy chooses.
	PieceLength int64
	Policy      Policy

	// Name is the name of the torrent. Empty means that of the file or
	// folder.
	Name string

	// Private and Source become part of the info dictionary, as in Info.
	Private bool
	Source  string

	// The rest of the torrent, as in Torrent. All may be empty.
	Tiers                        [][]string
	WebSeeds, HTTPSeeds, Nodes   []string
	Comment, CreatedBy, Encoding string
	CreationDate                 time.Time
	Similar                      []swarm.ID
	Collections                  []string

	// Workers is the number of goroutines that read and hash. Zero means as
	// many as there are processors. Each takes up to 20 MiB of memory. What
	// cannot be read at any offset (io.ReaderAt) is read by one.
	Workers int

	// Progress, if it is set, is called after each some MiB with how many
	// bytes were hashed, of how many. Its calls never overlap.
	Progress func(done, total int64)

	// Skipped, if it is set, is called for each thing in a folder that does
	// not become part of the torrent, with its path and why: sockets and
	// such, and symlinks to anything but a part of the torrent.
	Skipped func(path, why string)

	// NoSymlinks leaves out all symlinks. They are never followed.
	NoSymlinks bool
}

// File makes a torrent of the file or folder at name. It follows name if that
// is a symlink, but no symlink below.
func (b Builder) File(ctx context.Context, name string) (*Torrent, error) {
	t, err := b.file(ctx, name)
	return t, buildError(err)
}

func (b Builder) file(ctx context.Context, name string) (*Torrent, error) {
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
	// A Root does not let anybody lead the walk out of the folder meanwhile.
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return b.walk(ctx, root.FS(), inside, filepath.Base(abs))
}

// FS makes a torrent of the file or folder at name in fsys. If name is "." the
// Builder must have a Name. Symlinks are left out if fsys is no fs.ReadLinkFS.
func (b Builder) FS(ctx context.Context, fsys fs.FS, name string) (*Torrent, error) {
	if name == "." && b.Name == "" {
		return nil, buildError(errors.New("the torrent needs a name"))
	}
	t, err := b.walk(ctx, fsys, name, path.Base(name))
	return t, buildError(err)
}

func (b Builder) walk(ctx context.Context, fsys fs.FS, name, base string) (*Torrent, error) {
	w := walker{ctx: ctx, fsys: fsys, root: name, base: base, skipped: b.Skipped, noSymlinks: b.NoSymlinks}
	if w.skipped == nil {
		w.skipped = func(string, string) {}
	}
	inputs, single, err := w.collect()
	if err != nil {
		return nil, err
	}
	return b.build(ctx, inputs, single, base)
}

// Bytes makes a torrent of one file that has content.
func (b Builder) Bytes(ctx context.Context, name string, content []byte) (*Torrent, error) {
	in := input{
		path:   []string{name},
		disk:   name,
		length: int64(len(content)),
		open:   func() (source, error) { return memory{bytes.NewReader(content)}, nil },
	}
	t, err := b.build(ctx, []input{in}, true, name)
	return t, buildError(err)
}

// build hashes inputs and makes the torrent.
func (b Builder) build(ctx context.Context, inputs []input, single bool, base string) (*Torrent, error) {
	name := b.Name
	if name == "" {
		name = base
	}
	if !utf8.ValidString(name) || name == "" || name == "." || name == ".." || name != path.Base(name) {
		return nil, fmt.Errorf("%q cannot be the name of a torrent", name)
	}
	if single {
		inputs[0].path = []string{name}
	}
	plan, err := b.plan(inputs, single, name)
	if err != nil {
		return nil, err
	}
	if err := b.hash(ctx, plan); err != nil {
		return nil, err
	}
	info, err := Options{MaxBytes: -1}.ParseInfo(b.infoBytes(plan, name))
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	if err := plan.putLayers(info); err != nil {
		return nil, err
	}
	info.built = plan.onDisk()
	t := &Torrent{
		Info:         info,
		WebSeeds:     slices.Clone(b.WebSeeds),
		HTTPSeeds:    slices.Clone(b.HTTPSeeds),
		Nodes:        slices.Clone(b.Nodes),
		Comment:      b.Comment,
		CreatedBy:    b.CreatedBy,
		Encoding:     b.Encoding,
		CreationDate: b.CreationDate.Truncate(time.Second),
		Similar:      slices.Clone(b.Similar),
		Collections:  slices.Clone(b.Collections),
	}
	for _, tier := range b.Tiers {
		t.Tiers = append(t.Tiers, slices.Clone(tier))
	}
	if _, err := nodeList(t.Nodes); err != nil {
		return nil, err
	}
	return t, nil
}

// plan lays inputs out and chooses the piece length.
func (b Builder) plan(inputs []input, single bool, name string) (*plan, error) {
	if b.Format > Hybrid {
		return nil, fmt.Errorf("%v is not known", b.Format)
	}
	files := make([]rawFile, len(inputs))
	var total int64
	for n, in := range inputs {
		files[n] = rawFile{path: in.path, length: in.length, executable: in.executable, symlink: in.symlink}
		if in.length > math.MaxInt64/2-total {
			return nil, errors.New("the files are too long")
		}
		total += in.length
	}
	pieceLength := b.PieceLength
	if pieceLength == 0 {
		pieceLength = b.Policy.PieceLength(total, b.Format)
	}
	if err := checkPieceLength(pieceLength); err != nil {
		return nil, err
	}
	if b.Format.v2() {
		files = withPads(files, pieceLength, 0)
	}
	if err := (Options{}).checkLengths(files, pieceLength); err != nil {
		return nil, err
	}
	c := cleaner{windows: runtime.GOOS == "windows"}
	info := &Info{Name: c.component(name), Single: single, PieceLength: pieceLength, v1: b.Format.v1(), v2: b.Format.v2(), hashes: newHashStore()}
	if err := info.layOut(slices.Clone(files), c); err != nil {
		return nil, err
	}
	return newPlan(info, files, inputs, total), nil
}

func (b Builder) workers() int {
	if b.Workers <= 0 {
		return runtime.GOMAXPROCS(0)
	}
	return b.Workers
}

// buildError marks an error as coming from here.
func buildError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("metainfo: building: %w", err)
}
