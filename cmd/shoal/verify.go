package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"

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

type verifyCommand struct {
	Torrent []string `arg:"" help:".torrent files, http or https URLs of .torrent files, or - for standard input."`
	Dir     string   `short:"d" default:"." placeholder:"FOLDER" help:"Folder that the content is in (default: the current one)."`
}

// Help is shown below the usage.
func (verifyCommand) Help() string {
	return `Every piece is read and hashed; nothing is written. The exit code is 1 if anything is missing or wrong.

Examples:

    shoal verify some.torrent
    shoal verify some.torrent --dir /media/films`
}

// verifiedJSON is the JSON object of a check.
type verifiedJSON struct {
	Event string `json:"event"` // "verified"
	identity
	Dir      string      `json:"dir"`
	Complete bool        `json:"complete"`
	Pieces   int         `json:"pieces"`
	Right    int         `json:"right"` // pieces
	Faults   []faultJSON `json:"faults"`
}

type faultJSON struct {
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
	missing    = "missing"
	shorter    = "shorter" // than it should be
	longer     = "longer"
	unreadable = "unreadable" // so nobody knows whether it is right
	wrong      = "wrong"      // some of its pieces
)

// Run checks the torrents.
func (cmd verifyCommand) Run(ctx context.Context, c *console) error {
	complete := true
	for i, name := range cmd.Torrent {
		t, err := readTorrent(ctx, c, name)
		if err != nil {
			return err
		}
		m := newMeter(c, "checking "+terminal.Sanitize(t.Info.Name))
		v, err := verify(ctx, t.Info, cmd.Dir, m.set)
		took := m.end()
		if err != nil {
			return namingSymlink(cmd.Dir, err)
		}
		if i > 0 {
			c.say("")
		}
		c.emit(v)
		v.show(c)
		if v.Right > 0 {
			c.say("  checked %s in %s, %s", quantity.Size(t.Info.ContentLength()), quantity.Duration(took), quantity.Speed(t.Info.ContentLength(), took))
		}
		if command, ok := repairCommand(v.Faults, name, cmd.Dir); !ok {
			c.say("  Check who owns the files that cannot be read. Then run the same command again.")
		} else if command != "" && !v.Complete {
			c.say("  To repair it: %s", command)
		}
		complete = complete && v.Complete
	}
	if !complete {
		return reported{errors.New("some content is missing or wrong")}
	}
	return nil
}

// repairCommand returns the command that downloads what is missing or wrong; empty if the
// source cannot be named. Files that exist are written to only if the user allows it. ok is
// false if no download can repair it, because a file cannot be read.
func repairCommand(faults []faultJSON, source, dir string) (command string, ok bool) {
	var flags []string
	for _, f := range faults {
		switch f.Fault {
		case unreadable:
			return "", false
		case missing:
		default:
			flags = []string{"--overwrite"}
		}
	}
	return downloadCommand(source, dir, flags...), true
}

// verify checks what is in dir of a torrent. It calls progress with bytes done and
// in all.
func verify(ctx context.Context, info *metainfo.Info, dir string, progress func(done, total int64)) (v verifiedJSON, err error) {
	if layers := info.MissingLayers(); len(layers) > 0 && !info.HasV1() {
		return v, advice.New(fmt.Errorf("the torrent does not have the piece layers of %s", quantity.Count(len(layers), "file")),
			"Shoal needs them to check the files. Get a .torrent file that has them.")
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return v, err
	}
	// Only to read: with Overwrite, a file of another size is no error here.
	store, err := diskstore.Open(dir, target.Files(info, dir), diskstore.Options{Overwrite: true})
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
	v = verifiedJSON{
		Event: "verified", identity: description.Identify(info), Dir: dir,
		Pieces: g.Pieces(), Right: have.Count(), Faults: faults(info, stats, have, reads.byPath),
	}
	v.Complete = v.Right == v.Pieces && len(v.Faults) == 0
	return v, nil
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

// faults says what keeps content from being complete, for verify and for seed. Files of a
// wrong size come first, because others may only share pieces with them. unread has the
// files that could not be read.
func faults(info *metainfo.Info, stats []diskstore.FileStat, have swarm.Bitfield, unread map[string]error) []faultJSON {
	all := []faultJSON{}
	for i, f := range info.Entries {
		if fault := faultOf(f, stats[i], have, unread[stats[i].Path]); fault.Fault != "" {
			all = append(all, fault)
		}
	}
	slices.SortStableFunc(all, func(a, b faultJSON) int {
		switch {
		case a.Fault == wrong && b.Fault != wrong:
			return 1
		case a.Fault != wrong && b.Fault == wrong:
			return -1
		}
		return 0
	})
	return all
}

// faults returns what keeps a seed from being complete. It may be something else than
// pieces, such as an empty file that was deleted.
func (i *item) faults() ([]faultJSON, error) {
	m, err := i.t.Metainfo()
	if err != nil {
		return nil, err
	}
	store, err := diskstore.Open(i.t.Dir(), target.Files(m.Info, i.t.Dir()), diskstore.Options{Overwrite: true})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	stats, err := store.Stat()
	if err != nil {
		return nil, err
	}
	return faults(m.Info, stats, i.t.Bitfield(), nil), nil
}

// faultOf says what is wrong with a file; Fault is empty for nothing. unread is why it
// could not be read, or nil.
func faultOf(f metainfo.File, st diskstore.FileStat, have swarm.Bitfield, unread error) faultJSON {
	first, end := f.Pieces()
	v := faultJSON{Path: f.Path, Length: f.Length, Size: st.Size, Pieces: end - first}
	for i := first; i < end; i++ {
		if have.Has(i) {
			v.Right++
		}
	}
	switch {
	case f.Pad:
	case !st.Exists:
		v.Fault = missing
	case f.Symlink != "":
	case st.Size < f.Length:
		v.Fault = shorter
	case st.Size > f.Length:
		v.Fault = longer
	case unread != nil:
		v.Fault, v.Error = unreadable, unread.Error()
	case v.Right < v.Pieces:
		v.Fault = wrong
	}
	return v
}

// faultsShown is how many files are listed for people.
const faultsShown = 20

// show prints the result of a check for people.
func (v verifiedJSON) show(c *console) {
	name := terminal.Sanitize(v.Name)
	if v.Complete {
		all := "all "
		if v.Pieces == 1 {
			all = ""
		}
		c.say("%s: complete, %s%s correct", name, all, quantity.Count(v.Pieces, "piece"))
		return
	}
	c.say("%s: incomplete, %s of %s correct", name, quantity.Number(int64(v.Right)), quantity.Count(v.Pieces, "piece"))
	for i, f := range v.Faults {
		if i == faultsShown {
			c.say("  and %d more", len(v.Faults)-i)
			break
		}
		what := f.Fault
		switch f.Fault {
		case shorter, longer:
			what = fmt.Sprintf("%s than it should be: %s bytes, not %s", f.Fault, quantity.Number(f.Size), quantity.Number(f.Length))
		case unreadable:
			what = "cannot be read: " + f.Error
		case wrong:
			what = fmt.Sprintf("%s of %s correct", quantity.Number(int64(f.Right)), quantity.Count(f.Pieces, "piece"))
		}
		c.say("  %s: %s", terminal.Sanitize(f.Path), what)
	}
	if v.Right == 0 && len(v.Faults) > 0 && v.Faults[0].Fault == missing {
		c.say("  None of its files is in %s. Say where they are with --dir.", terminal.Sanitize(v.Dir))
	}
}
