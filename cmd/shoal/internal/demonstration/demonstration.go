// Package demonstration shares and downloads a sample on this machine, and compares every byte.
//
// In come a folder, a size and the function that downloads; out go lines for people, or an object
// for programs. What it makes is in one temporary folder, which it deletes.
package demonstration

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/destination"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/filesystem"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/sample"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/shell"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/metainfo/builder"
	"github.com/shoal-bt/shoal/trackerserver"
)

// Names in the temporary folder of the demo.
const (
	sampleName   = "shoal-sample"
	sourceName   = "source"
	downloadName = "download"
	torrentName  = "sample.torrent"
)

// A Demo is one run of the command. Its exported fields are set before Run, and not changed.
type Demo struct {
	Console *console.Console
	Size    int64  // of the sample, in bytes
	Parent  string // of the temporary folder; empty for the system's folder for temporary files
	Keep    bool   // do not delete the temporary folder
	Version string // of this program

	// Download downloads a .torrent file as the command get does, until all of it is there,
	// and returns how long that took.
	Download func(ctx context.Context, config client.Config, torrent string) (time.Duration, error)

	dir         string // the temporary folder
	files       int
	seeder      *client.Client
	stopTracker func()
	took        time.Duration // of the download
}

// A Result is the JSON object of a demo that went well.
type Result struct {
	Event   string  `json:"event"` // "demonstrated"
	Files   int     `json:"files"`
	Bytes   int64   `json:"bytes"`
	Seconds float64 `json:"seconds"` // of the download
	Rate    int64   `json:"rate"`    // bytes per second
	Dir     string  `json:"dir,omitempty"`
}

// Run makes the sample, downloads it and compares every byte. It deletes the temporary folder
// at the end, also if ctx is done before. Run is called once.
func (d *Demo) Run(ctx context.Context) (err error) {
	parent := cmp.Or(d.Parent, os.TempDir())
	if err := checkDiskSpace(parent, d.Size); err != nil {
		return err
	}
	d.dir, err = os.MkdirTemp(parent, "shoal-demo-")
	if err != nil {
		return advice.New(err, "Choose another folder with --dir.")
	}
	if d.dir, err = filepath.Abs(d.dir); err != nil {
		return err
	}
	defer func() {
		if kept := d.cleanUp(d.Keep && err == nil); kept != nil && err == nil {
			err = kept
		}
		if err == nil {
			d.showNextCommands()
		}
	}()
	started := time.Now()
	c := d.Console
	c.Say("Shoal demo: a sample of %s goes from a seeder to a downloader, over TCP on this machine.", quantity.Size(d.Size))
	for _, step := range []func(context.Context) error{d.makeSample, d.share, d.download, d.compare} {
		if err := step(ctx); err != nil {
			return cmp.Or(ctx.Err(), err) // whatever else failed for that
		}
	}
	c.Say("")
	c.Say("%s", c.Style.Paint(terminal.Green, fmt.Sprintf("It works: %s in %s downloaded in %s, %s; every byte is correct.",
		quantity.Size(d.Size), quantity.Count(d.files, "file"), quantity.Duration(d.took), quantity.Speed(d.Size, d.took))))
	c.Say("The whole demo took %s.", quantity.Duration(time.Since(started)))
	result := Result{
		Event:   "demonstrated",
		Files:   d.files,
		Bytes:   d.Size,
		Seconds: quantity.Round(d.took.Seconds(), 3),
		Rate:    int64(float64(d.Size) / d.took.Seconds()),
	}
	if d.Keep {
		result.Dir = d.dir
	}
	c.Emit(result)
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
func (d *Demo) cleanUp(keep bool) error {
	d.Console.Screen.Clear()
	if d.seeder != nil {
		if err := d.seeder.Close(); err != nil {
			d.Console.Log.Warn("closing the seeder", "error", err)
		}
	}
	if d.stopTracker != nil {
		d.stopTracker()
	}
	if keep {
		d.Console.Say("Everything is in %s.", d.dir)
		return nil
	}
	if err := os.RemoveAll(d.dir); err != nil {
		return advice.New(err, "Delete this folder yourself: "+d.dir)
	}
	d.Console.Say("Cleaned up: deleted %s.", d.dir)
	return nil
}

// source returns the path of the sample.
func (d *Demo) source() string { return filepath.Join(d.dir, sourceName, sampleName) }

func (d *Demo) makeSample(ctx context.Context) error {
	files := sample.Files(d.Size)
	d.files = len(files)
	m := console.NewMeter(d.Console, "writing the sample")
	if err := sample.Write(ctx, d.source(), files, 1, func(done int64) { m.Set(done, d.Size) }); err != nil {
		return err
	}
	m.Done(fmt.Sprintf("1. Wrote %s", quantity.Count(d.files, "file")), d.Size)
	return nil
}

// share starts the tracker, makes the torrent and seeds it.
func (d *Demo) share(ctx context.Context) error {
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
	config.Engine.Logger = d.Console.Log.With("who", "seeder")
	if d.seeder, err = client.New(config); err != nil {
		return err
	}
	answers := d.seeder.Events(engine.OnSourceReply|engine.OnSourceError|engine.OnFailed, 0)
	defer answers.Close()
	m := console.NewMeter(d.Console, "hashing the sample")
	t, err := d.seeder.Seed(ctx, d.source(), client.SeedOptions{Build: builder.Options{
		Tiers: [][]string{{announce}}, CreatedBy: "shoal " + d.Version, Progress: m.Set,
	}})
	if err != nil {
		return err
	}
	meta, err := t.Metainfo()
	if err != nil {
		return err
	}
	info := meta.Info
	m.Done(fmt.Sprintf("2. Hashed %s of %s", quantity.Count(info.Pieces(), "piece"), quantity.ExactSize(info.PieceLength)), d.Size)
	if _, err := (destination.Destination{Path: filepath.Join(d.dir, torrentName)}).Save(ctx, meta, t.Dir()); err != nil {
		return err
	}
	// The tracker must know the seeder before the downloader asks, or it would
	// ask again only much later.
	if err := waitAnnounced(ctx, answers); err != nil {
		return fmt.Errorf("announcing to the demo's own tracker: %w", err)
	}
	d.Console.Say("3. The tracker listens at %s, the seeder at %s", l.Addr(), d.seeder.Addr())
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
func (d *Demo) download(ctx context.Context) error {
	config := client.Config{Dir: filepath.Join(d.dir, downloadName), State: filepath.Join(d.dir, "state"), Listen: "127.0.0.1:0"}
	took, err := d.Download(ctx, config, filepath.Join(d.dir, torrentName))
	if err != nil {
		return err
	}
	d.took = took
	if d.Console.IsLive {
		columns, _ := d.Console.Screen.Size()
		d.Console.Say("%s", d.Console.Style.Bar(1, columns-2))
	}
	d.Console.Say("4. Downloaded %s in %s, %s", quantity.Size(d.Size), quantity.Duration(d.took), quantity.Speed(d.Size, d.took))
	return nil
}

func (d *Demo) compare(ctx context.Context) error {
	m := console.NewMeter(d.Console, "comparing every byte")
	files, length, err := sample.Compare(ctx, d.source(), filepath.Join(d.dir, downloadName, sampleName), func(done int64) { m.Set(done, d.Size) })
	if err != nil {
		return err
	}
	if files != d.files || length != d.Size {
		return fmt.Errorf("compared %s and %d bytes, want %d and %d", quantity.Count(files, "file"), length, d.files, d.Size)
	}
	m.Done(fmt.Sprintf("5. Compared %s byte by byte, all equal", quantity.Count(files, "file")), length)
	return nil
}

// showNextCommands prints commands to go on with. They work when they are pasted.
func (d *Demo) showNextCommands() {
	d.Console.Say("")
	for _, line := range nextCommands(shell.Program(), d.dir, d.Keep) {
		d.Console.Say("%s", line)
	}
}

// nextCommands returns the lines that showNextCommands prints.
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
