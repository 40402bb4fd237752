package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/bench/internal/child"
	"github.com/shoal-bt/shoal/bench/internal/content"
	"github.com/shoal-bt/shoal/bench/internal/processor"
	"github.com/shoal-bt/shoal/bench/internal/report"
	"github.com/shoal-bt/shoal/bench/internal/rival"
)

// The files in the runner's folder.
const (
	contentName = "content.bin"
	plain       = "plain.torrent"  // 1 MiB pieces, one file
	small       = "small.torrent"  // 256 KiB pieces
	large       = "large.torrent"  // 16 MiB pieces
	files       = "files.torrent"  // 1 MiB pieces, 500 files
	distant     = "link.torrent"   // the beginning, in 256 KiB pieces
	linkMost    = 256 << 20        // bytes of it
	unit        = 16 << 20         // the size is a multiple of this, the longest piece
	slack       = 256 << 20        // bytes to leave free
	idleWait    = 60 * time.Second // for a process to become idle
)

// torrents returns the torrents of content of size bytes, by file name.
func torrents(size int64) map[string]content.Info {
	return map[string]content.Info{
		plain:      {Name: contentName, Length: size, PieceLength: 1 << 20},
		small:      {Name: contentName, Length: size, PieceLength: 256 << 10},
		large:      {Name: contentName, Length: size, PieceLength: 16 << 20},
		files:      {Name: contentName, Length: size, PieceLength: 1 << 20, Files: 500},
		chosenName: {Name: contentName, Length: size, PieceLength: 1 << 20, Files: chosenFiles},
		distant:    {Name: contentName, Length: min(size, linkMost), PieceLength: 256 << 10},
	}
}

// A runner runs scenarios: it has the options, the rivals and the folder of the content.
type runner struct {
	options
	dir        string            // temporary, removed by close
	self       string            // this program
	libtorrent *rival.Libtorrent // nil if it is not installed
	webtorrent *rival.WebTorrent // nil if it is not installed
	programs   []rival.Program   // the other rivals that are installed
	rivals     []string          // all that are installed, with their versions
	features   processor.Features
	log        io.Writer
	prepared   bool // the content is there
}

// openRunner makes the runner's folder and checks that there is space.
func openRunner(o options, log io.Writer) (*runner, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	parent := o.tmp
	if parent == "" {
		parent = os.TempDir()
		if info, err := os.Stat(memory); err == nil && info.IsDir() {
			parent = memory
		}
	}
	need := 2*o.size + slack
	if free, ok := freeSpace(parent); ok && free < need {
		return nil, fmt.Errorf("%s has %d MiB free, and %d MiB are needed: give a smaller -size or another -tmp", parent, free>>20, need>>20)
	}
	dir, err := os.MkdirTemp(parent, "shoal-bench-")
	if err != nil {
		return nil, err
	}
	r := &runner{options: o, dir: dir, self: self, features: processor.Read(), log: log}
	if err := r.findRivals(); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return r, nil
}

// findRivals looks for the rivals, and says which are not installed. If Shoal does not
// use SHA-NI, they do not either, as far as it can be turned off.
func (r *runner) findRivals() (err error) {
	missing := func(name, debian string) {
		fmt.Fprintf(r.log, "%s is not installed, so it is left out: install the package %s to measure it\n", name, debian)
	}
	if !r.features.SHANI {
		rival.WithoutSHANI()
	}
	if r.libtorrent, err = rival.Find(r.dir); err != nil {
		return err
	}
	if r.libtorrent != nil {
		r.rivals = append(r.rivals, "libtorrent "+r.libtorrent.Version)
	} else {
		missing("libtorrent", "python3-libtorrent")
	}
	if r.webtorrent, err = rival.FindWebTorrent(os.Getenv("SHOAL_NPM"), r.dir); err != nil {
		fmt.Fprintf(r.log, "webtorrent is left out: %v\n", err)
	} else {
		r.rivals = append(r.rivals, "webtorrent "+r.webtorrent.Version)
	}
	for _, c := range rival.Programs {
		if version, ok := c.Version(); ok {
			r.programs = append(r.programs, c)
			r.rivals = append(r.rivals, c.Name+" "+version)
		} else {
			missing(c.Name, c.Package)
		}
	}
	return nil
}

func (r *runner) close() error { return os.RemoveAll(r.dir) }

// path returns where a file of the runner is.
func (r *runner) path(name string) string { return filepath.Join(r.dir, name) }

// start starts a part of this program.
func (r *runner) start(ctx context.Context, args ...any) (*child.Process, error) {
	return child.Start(ctx, r.command(args...)...)
}

// command returns the command for a part of this program.
func (r *runner) command(args ...any) []string {
	argv := []string{r.self}
	for _, a := range args {
		if list, ok := a.([]string); ok {
			argv = append(argv, list...)
			continue
		}
		argv = append(argv, fmt.Sprint(a))
	}
	return argv
}

// own returns the command for a part that is Shoal: what profiles are wanted of.
func (r *runner) own(args ...any) []string {
	argv := r.command(args...)
	if r.profiles != "" {
		argv = append(argv, profileFlag+filepath.Join(r.profiles, fmt.Sprint(args[0])))
	}
	return argv
}

// run runs a part that ends by itself.
func (r *runner) run(ctx context.Context, args ...any) error {
	_, err := r.measure(ctx, r.command(args...))
	return err
}

// measure runs a command from "ready" to "done".
func (r *runner) measure(ctx context.Context, argv []string) (child.Figures, error) {
	p, err := child.Start(ctx, argv...)
	if err != nil {
		return child.Figures{}, err
	}
	defer p.Stop()
	f, _, err := p.Run(ctx)
	return f, err
}

// prepare makes the content once.
func (r *runner) prepare(ctx context.Context) error {
	if r.prepared {
		return nil
	}
	fmt.Fprintf(r.log, "making %d MiB of content and its torrents in %s\n", r.size>>20, r.dir)
	r.prepared = true
	return r.run(ctx, "prepare", "-size", r.size, r.dir)
}

// target makes an empty folder to download to, and returns how to remove it.
func (r *runner) target() (string, func(), error) {
	dir, err := os.MkdirTemp(r.dir, "target-")
	return dir, func() { os.RemoveAll(dir) }, err
}

// values are the figures of a transfer of the given number of bytes, 0 for none.
func values(f child.Figures, bytes int64) report.Values {
	v := report.Values{report.Wall: f.Wall.Seconds()}
	if bytes > 0 {
		v[report.Rate] = float64(bytes) / (1 << 20) / f.Wall.Seconds()
	}
	if f.CPU > 0 {
		v[report.CPU] = f.CPU.Seconds()
		if bytes > 0 {
			v[report.Cost] = f.CPU.Seconds() / (float64(bytes) / (1 << 30))
		}
	}
	if f.Peak > 0 {
		v[report.Peak] = mib(f.Peak)
	}
	return v
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }

// awaitIdle waits until a process hardly takes a processor, for a minute at most.
func (r *runner) awaitIdle(ctx context.Context, p *child.Process) (f child.Figures, err error) {
	window := min(time.Second, r.watch)
	for end := time.Now().Add(idleWait); time.Now().Before(end); {
		if f, err = r.over(ctx, p, window); err != nil || f.CPU < f.Wall/50 {
			break
		}
	}
	return f, err
}

// over returns what a process takes in some time from now.
func (r *runner) over(ctx context.Context, p *child.Process, d time.Duration) (child.Figures, error) {
	m, err := p.Mark()
	if err == nil {
		err = pause(ctx, d)
	}
	if err != nil {
		return child.Figures{}, err
	}
	return p.Since(m)
}

// idle waits until a process is idle, and then returns the share of a core that it
// takes, in percent, and its figures.
func (r *runner) idle(ctx context.Context, p *child.Process) (float64, child.Figures, error) {
	if _, err := r.awaitIdle(ctx, p); err != nil {
		return 0, child.Figures{}, err
	}
	f, err := r.over(ctx, p, r.watch)
	return 100 * f.CPU.Seconds() / f.Wall.Seconds(), f, err
}

// pause waits.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fields splits the addresses that a part says.
func fields(ctx context.Context, p *child.Process) ([]string, error) {
	s, err := p.Ready(ctx)
	return strings.Fields(s), err
}
