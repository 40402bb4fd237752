package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/destination"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/filesystem"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/sample"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/shell"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/trackerserver"
)

type demoCommand struct {
	Size quantity.Bytes `default:"256MiB" placeholder:"SIZE" help:"Length of the sample (default: 256MiB)."`
	Dir  string         `short:"d" placeholder:"FOLDER" help:"Where to make the temporary folder (default: the system's folder for temporary files)."`
	Keep bool           `short:"k" help:"Keep the temporary folder."`
}

// Help is shown below the usage.
func (demoCommand) Help() string {
	return `The demo makes a sample of many files in a temporary folder, starts a tracker and a seeder, downloads the sample over TCP on this machine, compares every byte and deletes the folder, even after Ctrl-C.

Examples:

    shoal demo
    shoal demo --size 2GiB --dir /media/disk
    shoal demo --size 16MiB --keep`
}

// Names in the temporary folder of the demo.
const (
	sampleName   = "shoal-sample"
	sourceName   = "source"
	downloadName = "download"
	torrentName  = "sample.torrent"
)

// A demo is one run of the command.
type demo struct {
	c    *console
	size int64
	dir  string // of this run

	files       int
	seeder      *client.Client
	stopTracker func()
	took        time.Duration // of the download
}

// demoJSON is the JSON object of a demo that went well.
type demoJSON struct {
	Event   string  `json:"event"` // "demonstrated"
	Files   int     `json:"files"`
	Bytes   int64   `json:"bytes"`
	Seconds float64 `json:"seconds"` // of the download
	Rate    int64   `json:"rate"`    // bytes per second
	Dir     string  `json:"dir,omitempty"`
}

// Run is the demo.
func (cmd demoCommand) Run(ctx context.Context, c *console) (err error) {
	if cmd.Size < 1<<10 {
		return usage.Error{Err: errors.New("--size: the sample must have at least 1KiB")}
	}
	parent := cmd.Dir
	if parent == "" {
		parent = os.TempDir()
	}
	if err := checkDiskSpace(parent, int64(cmd.Size)); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(parent, "shoal-demo-")
	if err != nil {
		return advice.New(err, "Choose another folder with --dir.")
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	d := &demo{c: c, size: int64(cmd.Size), dir: dir}
	defer func() {
		if kept := d.cleanUp(cmd.Keep && err == nil); kept != nil && err == nil {
			err = kept
		}
		if err == nil {
			d.showNextCommands(cmd.Keep)
		}
	}()
	started := time.Now()
	c.say("Shoal demo: a sample of %s goes from a seeder to a downloader, over TCP on this machine.", quantity.Size(d.size))
	for _, step := range []func(context.Context) error{d.makeSample, d.share, d.download, d.compare} {
		if err := step(ctx); err != nil {
			return cmp.Or(ctx.Err(), err) // whatever else failed for that
		}
	}
	c.say("")
	c.say("%s", c.style.Paint(terminal.Green, fmt.Sprintf("It works: %s in %s downloaded in %s, %s; every byte is correct.",
		quantity.Size(d.size), quantity.Count(d.files, "file"), quantity.Duration(d.took), quantity.Speed(d.size, d.took))))
	c.say("The whole demo took %s.", quantity.Duration(time.Since(started)))
	result := demoJSON{Event: "demonstrated", Files: d.files, Bytes: d.size, Seconds: quantity.Round(d.took.Seconds(), 3), Rate: int64(float64(d.size) / d.took.Seconds())}
	if cmd.Keep {
		result.Dir = d.dir
	}
	c.emit(result)
	return nil
}

// diskReserve is what a disk should have left after the demo took its place, in bytes.
const diskReserve = 16 << 20

// checkDiskSpace reports whether the sample fits twice below a folder.
func checkDiskSpace(parent string, size int64) error {
	if st, err := os.Stat(parent); err != nil {
		return advice.New(err, "Choose a folder that exists with --dir.")
	} else if !st.IsDir() {
		return advice.New(fmt.Errorf("%s is not a folder", parent), "Choose a folder with --dir.")
	}
	free, known := filesystem.Free(parent)
	if known && free-diskReserve < 2*size {
		return advice.New(fmt.Errorf("%s has %s free, but the demo needs %s", parent, quantity.Size(free), quantity.Size(2*size+diskReserve)),
			"Choose another folder with --dir, or a smaller sample with --size.")
	}
	return nil
}

// cleanUp ends the seeder and deletes the folder.
func (d *demo) cleanUp(keep bool) error {
	d.c.screen.Clear()
	if d.seeder != nil {
		if err := d.seeder.Close(); err != nil {
			d.c.log.Warn("closing the seeder", "error", err)
		}
	}
	if d.stopTracker != nil {
		d.stopTracker()
	}
	if keep {
		d.c.say("Everything is in %s.", d.dir)
		return nil
	}
	if err := os.RemoveAll(d.dir); err != nil {
		return advice.New(err, "Delete this folder yourself: "+d.dir)
	}
	d.c.say("Cleaned up: deleted %s.", d.dir)
	return nil
}

// source returns the path of the sample.
func (d *demo) source() string { return filepath.Join(d.dir, sourceName, sampleName) }

func (d *demo) makeSample(ctx context.Context) error {
	files := sample.Files(d.size)
	d.files = len(files)
	m := newMeter(d.c, "writing the sample")
	if err := sample.Write(ctx, d.source(), files, 1, func(done int64) { m.set(done, d.size) }); err != nil {
		return err
	}
	m.done(fmt.Sprintf("1. Wrote %s", quantity.Count(d.files, "file")), d.size)
	return nil
}

// share starts the tracker, makes the torrent and seeds it.
func (d *demo) share(ctx context.Context) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	// The tracker outlives the seeder, because the seeder sends it a last announce.
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan struct{})
	go func() {
		defer close(served)
		trackerserver.New(trackerserver.Config{}).Serve(serving, l)
	}()
	d.stopTracker = func() {
		stop()
		<-served
	}
	announce := "http://" + l.Addr().String() + "/announce"

	config := client.Config{State: client.Off, Listen: "127.0.0.1:0"}
	config.Engine.Logger = d.c.log.With("who", "seeder")
	if d.seeder, err = client.New(config); err != nil {
		return err
	}
	answers := d.seeder.Events(engine.OnSourceReply|engine.OnSourceError|engine.OnFailed, 0)
	defer answers.Close()
	m := newMeter(d.c, "hashing the sample")
	t, err := d.seeder.Seed(ctx, d.source(), client.SeedOptions{Build: builder.Options{
		Tiers: [][]string{{announce}}, CreatedBy: "shoal " + version, Progress: m.set,
	}})
	if err != nil {
		return err
	}
	meta, err := t.Metainfo()
	if err != nil {
		return err
	}
	info := meta.Info
	m.done(fmt.Sprintf("2. Hashed %s of %s", quantity.Count(info.Pieces(), "piece"), quantity.ExactSize(info.PieceLength)), d.size)
	if _, err := (destination.Destination{Path: filepath.Join(d.dir, torrentName)}).Save(ctx, meta, t.Dir()); err != nil {
		return err
	}
	// The tracker must know the seeder before the downloader asks, or it would
	// ask again only much later.
	if err := waitAnnounced(ctx, answers); err != nil {
		return fmt.Errorf("announcing to the demo's own tracker: %w", err)
	}
	d.c.say("3. The tracker listens at %s, the seeder at %s", l.Addr(), d.seeder.Addr())
	return nil
}

// waitAnnounced waits until a tracker answered.
func waitAnnounced(ctx context.Context, answers *client.Stream) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		e, err := answers.Next(ctx)
		if err != nil {
			return err
		}
		if err := client.ErrorOf(e); err != nil {
			return err
		}
		if _, ok := e.(engine.SourceReply); ok {
			return nil
		}
	}
}

// download gets the sample as any client would: from the .torrent file, by the
// tracker.
func (d *demo) download(ctx context.Context) error {
	s, err := openSession(d.c, client.Config{
		Dir: filepath.Join(d.dir, downloadName), State: filepath.Join(d.dir, "state"), Listen: "127.0.0.1:0",
	}, nil)
	if err != nil {
		return err
	}
	s.quitWhenComplete, s.quiet = true, true
	t, err := s.client.Add(ctx, filepath.Join(d.dir, torrentName))
	if err != nil {
		return errors.Join(err, s.client.Close())
	}
	item := s.add(t, "")
	s.run(ctx)
	d.took = item.took
	if err := s.close(); err != nil {
		return err
	}
	if err := s.failed(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if d.c.live {
		columns, _ := d.c.screen.Size()
		d.c.say("%s", d.c.style.Bar(1, columns-2))
	}
	d.c.say("4. Downloaded %s in %s, %s", quantity.Size(d.size), quantity.Duration(d.took), quantity.Speed(d.size, d.took))
	return nil
}

func (d *demo) compare(ctx context.Context) error {
	m := newMeter(d.c, "comparing every byte")
	files, length, err := sample.Compare(ctx, d.source(), filepath.Join(d.dir, downloadName, sampleName), func(done int64) { m.set(done, d.size) })
	if err != nil {
		return err
	}
	if files != d.files || length != d.size {
		return fmt.Errorf("compared %s and %d bytes, want %d and %d", quantity.Count(files, "file"), length, d.files, d.size)
	}
	m.done(fmt.Sprintf("5. Compared %s byte by byte, all equal", quantity.Count(files, "file")), length)
	return nil
}

// showNextCommands prints commands to go on with. They work when they are pasted.
func (d *demo) showNextCommands(kept bool) {
	d.c.say("")
	for _, line := range nextCommands(shell.Program(), d.dir, kept) {
		d.c.say("%s", line)
	}
}

// nextCommands returns the lines of next.
func nextCommands(shoal, dir string, kept bool) []string {
	peer := freeAddress()
	if kept {
		torrent, source := shell.Quote(filepath.Join(dir, torrentName)), shell.Quote(filepath.Join(dir, sourceName))
		return []string{
			"Next, look at the files:",
			"",
			"  " + shoal + " inspect " + torrent,
			"  " + shoal + " verify " + torrent + " --dir " + shell.Quote(filepath.Join(dir, downloadName)),
			"",
			"Share it, and download it in another terminal:",
			"",
			"  " + shoal + " seed " + torrent + " --dir " + source + " --listen " + peer,
			"  " + shoal + " get " + torrent + " --dir " + shell.Quote(filepath.Join(dir, "again")) + " --peer " + peer + " --quit-after-complete",
		}
	}
	file, torrent := filepath.Join(os.TempDir(), "hello.txt"), filepath.Join(os.TempDir(), "hello.torrent")
	return []string{
		"Next, make a torrent of your own:",
		"",
		"  echo hello > " + shell.Quote(file),
		"  " + shoal + " create " + shell.Quote(file) + " --force --output " + shell.Quote(torrent),
		"  " + shoal + " inspect " + shell.Quote(torrent),
		"",
		"Share it, and download it in another terminal:",
		"",
		"  " + shoal + " seed " + shell.Quote(torrent) + " --dir " + shell.Quote(os.TempDir()) + " --listen " + peer,
		"  " + shoal + " get " + shell.Quote(torrent) + " --dir " + shell.Quote(filepath.Join(os.TempDir(), "shoal-hello")) + " --peer " + peer + " --quit-after-complete",
		"",
		"To see all commands: " + shoal + " --help",
	}
}

// freeAddress returns an address on loopback that nobody listens at now.
func freeAddress() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "127.0.0.1:6881"
	}
	defer l.Close()
	return l.Addr().String()
}
