// Package verification checks content on disk against a torrent.
//
// In come a torrent's metadata, a folder, and what was remembered of a download to it; out goes what
// is missing or wrong, by file. Nothing is written. Not here: how a user repairs it.
package verification

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/description"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/target"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/diskstore"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/swarm"
)

// A Result is what a check found, and its JSON object.
type Result struct {
	Event string `json:"event"` // "verified"
	description.Identity
	Dir      string  `json:"dir"`
	Complete bool    `json:"complete"`
	Pieces   int     `json:"pieces"`
	Right    int     `json:"right"` // pieces
	Faults   []Fault `json:"faults"`

	// Wanted are the pieces of the files that are wanted, and WantedRight those of them that are
	// right; 0 if the whole torrent is. Complete and Faults are about the wanted files.
	Wanted      int `json:"wanted,omitempty"`
	WantedRight int `json:"wantedRight,omitempty"`
}

// A Fault is a file that is not as it should be.
type Fault struct {
	Path   string `json:"path"`
	Fault  string `json:"fault"`           // missing, shorter, longer, unreadable or wrong
	Length int64  `json:"length"`          // in the torrent, in bytes
	Size   int64  `json:"size"`            // on disk, in bytes
	Pieces int    `json:"pieces"`          // that hold bytes of the file
	Right  int    `json:"right"`           // of those
	Error  string `json:"error,omitempty"` // why it is unreadable
}

// What can be wrong with a file.
const (
	Missing    = "missing"
	Shorter    = "shorter" // than it should be
	Longer     = "longer"
	Unreadable = "unreadable" // so nobody knows whether it is right
	Wrong      = "wrong"      // some of its pieces
)

// Check checks what is in dir of a torrent, and writes nothing. It calls progress with bytes done and
// in all. r says which files are wanted, and where bytes of others are.
func Check(ctx context.Context, info *metainfo.Info, dir string, r client.Recorded, progress func(done, total int64)) (v Result, err error) {
	if layers := info.MissingLayers(); len(layers) > 0 && !info.HasV1() {
		return v, advice.New(fmt.Errorf("the torrent does not have the piece layers of %s", quantity.Count(len(layers), "file")),
			"Shoal needs them to check the files. Get a .torrent file that has them.")
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return v, err
	}
	store, err := openToRead(dir, info, r)
	if err != nil {
		return v, err
	}
	defer store.Close()
	g := info.Geometry()
	reads := &readErrors{Storage: store, byPath: make(map[string]error)}
	have, err := engine.Verify(ctx, g, info.Verify, reads, 0, func(done int) {
		progress(min(int64(done)*g.PieceLength, g.Length), g.Length)
	})
	if err != nil {
		return v, err
	}
	stats, err := store.Stat()
	if err != nil {
		return v, err
	}
	v = Result{
		Event:    "verified",
		Identity: description.Identify(info),
		Dir:      dir,
		Pieces:   g.Pieces(),
		Right:    have.Count(),
		Faults:   Faults(info, stats, have, reads.byPath, r.Priorities),
	}
	v.Complete = v.Right == v.Pieces && len(v.Faults) == 0
	if r.Priorities != nil {
		wanted := wantedPieces(info, r.Priorities)
		v.Wanted = wanted.Count()
		for i := range v.Pieces {
			if wanted.Has(i) && have.Has(i) {
				v.WantedRight++
			}
		}
		v.Complete = v.WantedRight == v.Wanted && len(v.Faults) == 0
	}
	return v, nil
}

// openToRead opens the files of a torrent, for reads alone: with Overwrite, a file of another size
// is no error.
func openToRead(dir string, info *metainfo.Info, r client.Recorded) (*diskstore.Store, error) {
	options := r.Disk
	options.Overwrite = true
	return diskstore.Open(dir, target.Files(info, dir), options)
}

// isUnwanted reports whether the file of an entry is not wanted; priorities are nil if all are.
func isUnwanted(priorities []uint8, entry int) bool {
	return priorities != nil && priorities[entry] == 0
}

// wantedPieces returns the pieces that have bytes of wanted files.
func wantedPieces(info *metainfo.Info, priorities []uint8) swarm.Bitfield {
	all := swarm.NewBitfield(info.Pieces())
	for n, f := range info.Entries {
		if f.Pad || isUnwanted(priorities, n) {
			continue
		}
		first, end := f.Pieces()
		for i := first; i < end; i++ {
			all.Set(i)
		}
	}
	return all
}

// readErrors is a Storage that notes which files could not be read, and why.
type readErrors struct {
	swarm.Storage

	mu     sync.Mutex
	byPath map[string]error
}

func (r *readErrors) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.Storage.ReadAt(p, off)
	return n, r.note(err)
}

// ReadVecAt fills bufs in order from offset off.
func (r *readErrors) ReadVecAt(bufs [][]byte, off int64) (int64, error) {
	n, err := swarm.ReadVecAt(r.Storage, bufs, off)
	return n, r.note(err)
}

// note notes an error, unless bytes are only missing. It returns the error.
func (r *readErrors) note(err error) error {
	var file *diskstore.Error
	if !errors.As(err, &file) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.byPath[file.Path] = file.Err
	return err
}

// FaultsIn returns what is wrong in dir with a torrent of which some pieces are right. It looks
// at files, but reads none. What is at the path of an unwanted file, or of its folder, does not matter.
func FaultsIn(dir string, info *metainfo.Info, have swarm.Bitfield, priorities []uint8) ([]Fault, error) {
	var r client.Recorded
	for i := range info.Entries {
		r.Disk.Unwanted = append(r.Disk.Unwanted, isUnwanted(priorities, i))
	}
	store, err := openToRead(dir, info, r)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	stats, err := store.Stat()
	if err != nil {
		return nil, err
	}
	return Faults(info, stats, have, nil, priorities), nil
}

// Faults says what keeps content from being complete, for verify and for seed. Files of a
// wrong size come first, because others may only share pieces with them. unread has the
// files that could not be read. Files whose priority is 0 have no faults; nil means that there are
// none.
func Faults(info *metainfo.Info, stats []diskstore.FileStat, have swarm.Bitfield, unread map[string]error, priorities []uint8) []Fault {
	all := []Fault{}
	for i, f := range info.Entries {
		if isUnwanted(priorities, i) {
			continue
		}
		if fault := faultOf(f, stats[i], have, unread[stats[i].Path]); fault.Fault != "" {
			all = append(all, fault)
		}
	}
	slices.SortStableFunc(all, func(a, b Fault) int {
		switch {
		case a.Fault == Wrong && b.Fault != Wrong:
			return 1
		case a.Fault != Wrong && b.Fault == Wrong:
			return -1
		}
		return 0
	})
	return all
}

// faultOf says what is wrong with a file; Fault is empty for nothing. unread is why it
// could not be read, or nil.
func faultOf(f metainfo.File, st diskstore.FileStat, have swarm.Bitfield, unread error) Fault {
	first, end := f.Pieces()
	v := Fault{Path: f.Path, Length: f.Length, Size: st.Size, Pieces: end - first}
	for i := first; i < end; i++ {
		if have.Has(i) {
			v.Right++
		}
	}
	switch {
	case f.Pad:
	case !st.Exists:
		v.Fault = Missing
	case f.Symlink != "":
	case st.Size < f.Length:
		v.Fault = Shorter
	case st.Size > f.Length:
		v.Fault = Longer
	case unread != nil:
		v.Fault, v.Error = Unreadable, unread.Error()
	case v.Right < v.Pieces:
		v.Fault = Wrong
	}
	return v
}

// faultsShown is how many files are listed for people.
const faultsShown = 20

// Show prints the result of a check for people, by lines.
func (v Result) Show(say func(format string, args ...any)) {
	name := terminal.Sanitize(v.Name)
	right, pieces, what := v.Right, v.Pieces, ""
	if v.Wanted > 0 {
		right, pieces, what = v.WantedRight, v.Wanted, "what is wanted is "
	}
	if v.Complete {
		all := "all "
		if pieces == 1 {
			all = ""
		}
		say("%s: %scomplete, %s%s correct", name, what, all, quantity.Count(pieces, "piece"))
		return
	}
	say("%s: %sincomplete, %s of %s correct", name, what, quantity.Number(int64(right)), quantity.Count(pieces, "piece"))
	for i, f := range v.Faults {
		if i == faultsShown {
			say("  and %d more", len(v.Faults)-i)
			break
		}
		what := f.Fault
		switch f.Fault {
		case Shorter, Longer:
			what = fmt.Sprintf("%s than it should be: %s bytes, not %s", f.Fault, quantity.Number(f.Size), quantity.Number(f.Length))
		case Unreadable:
			what = "cannot be read: " + f.Error
		case Wrong:
			what = fmt.Sprintf("%s of %s correct", quantity.Number(int64(f.Right)), quantity.Count(f.Pieces, "piece"))
		}
		say("  %s: %s", terminal.Sanitize(f.Path), what)
	}
	if v.Right == 0 && len(v.Faults) > 0 && v.Faults[0].Fault == Missing {
		say("  None of its files is in %s. Say where they are with --dir.", terminal.Sanitize(v.Dir))
	}
}
