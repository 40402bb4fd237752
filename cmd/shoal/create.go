package main

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/creation"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/description"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/destination"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/interrupt"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/shell"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/unsupported"
	"github.com/shoal-bt/shoal/metainfo"
)

type createCommand struct {
	Path   string `arg:"" help:"File or folder to make a torrent of."`
	Output string `short:"o" placeholder:"FILE" help:"Where to write the torrent, - for standard output (default: NAME.torrent in the current folder)."`
	creation.Flags
}

// Help is shown below the usage.
func (createCommand) Help() string {
	return `The content is read and hashed; it is not changed. Symlinks within a folder become part of the torrent.

Examples:

    shoal create film.mkv
    shoal create album/ -o album.torrent --comment "Live, 2026"
    shoal create album/ --announce http://one.example/announce,http://two.example/announce --announce http://spare.example/announce
    shoal create album/ --exclude "*.tmp" --no-hidden
    shoal create data/ --format hybrid --piece-length 1MiB`
}

// createdJSON is the JSON object of a torrent that was made.
type createdJSON struct {
	Event string `json:"event"` // "created"
	Path  string `json:"path,omitempty"`
	identity
	Pieces      int   `json:"pieces"`
	PieceLength int64 `json:"pieceLength"`
	Files       int   `json:"files"`
}

// Run makes the torrent.
func (cmd createCommand) Run(ctx context.Context, c *console.Console) error {
	stdout, toStdout := c.Stdout, cmd.Output == "-" || isStdout(c, cmd.Output)
	if toStdout { // what is said must not get between the bytes
		c = console.New(c.Stdin, c.Stderr, c.Stderr)
	}
	made, err := cmd.build(ctx, c, !toStdout)
	if err != nil {
		return err
	}
	warnOfTorrent(c, made.torrent)
	if toStdout {
		return made.torrent.Write(stdout)
	}
	output := cmd.Destination(cmd.Output, made.torrent.Info.Name)
	wrote, err := output.Save(ctx, made.torrent, made.folder)
	if err != nil {
		return err
	}
	sayCreated(c, made.torrent, output, wrote)
	made.show(c)
	if fi, err := os.Stat(output.Path); err != nil || !fi.Mode().IsRegular() {
		return nil // the reader of the pipe has the torrent
	}
	c.Say("")
	if hint := cmd.seedHint(made.torrent, output.Path); hint != "" {
		c.Say("To share it: %s", hint)
	} else {
		c.Say("To share it, give the content the name of the torrent; then: %s seed %s --dir FOLDER", shell.Program(), shell.Path(output.Path))
	}
	return nil
}

// isStdout reports whether a path leads to standard output, as /dev/stdout does.
func isStdout(c *console.Console, path string) bool {
	f, ok := interrupt.File(c.Stdout)
	if !ok || path == "" {
		return false
	}
	a, errA := f.Stat()
	b, errB := os.Stat(path)
	return errA == nil && errB == nil && os.SameFile(a, b)
}

// A madeTorrent is a torrent and how it was made.
type madeTorrent struct {
	torrent *metainfo.Torrent
	folder  string // that holds the content
	took    time.Duration
	left    int // files and folders that flags left out
}

// build makes the torrent. check says that it first looks at where the torrent goes.
func (cmd createCommand) build(ctx context.Context, c *console.Console, check bool) (made madeTorrent, err error) {
	b, err := cmd.Options(c.Warn)
	if err != nil {
		return made, err
	}
	cmd.WarnOfPrivate(c.Warn)
	path, err := filepath.Abs(cmd.Path)
	if err != nil {
		return made, err
	}
	if b.Name == "" {
		b.Name = filepath.Base(path)
	}
	if check {
		if err := cmd.CheckOutput(cmd.Output, path); err != nil {
			return made, err
		}
	}
	b.Excluded = func(string) { made.left++ }
	m := console.NewMeter(c, "hashing "+terminal.Sanitize(b.Name))
	b.Progress = m.Set
	made.torrent, err = b.File(ctx, path)
	made.took = m.End()
	if err != nil {
		return made, err
	}
	// Files were found behind the link, if the path is one.
	real, err := filepath.EvalSymlinks(path)
	made.folder = filepath.Dir(real)
	return made, err
}

// show prints what people want to know of the torrent.
func (made madeTorrent) show(c *console.Console) {
	info := made.torrent.Info
	c.Say("  name       %s", terminal.Sanitize(info.Name))
	c.Say("  content    %s in %s, hashed in %s", quantity.Size(info.ContentLength()), quantity.Count(countFiles(info), "file"), quantity.Duration(made.took))
	if made.left > 0 {
		c.Say("  left out   %s by --exclude and --no-hidden", quantity.Number(int64(made.left)))
	}
	c.Say("  pieces     %s of %s", quantity.Number(int64(info.Pieces())), quantity.ExactSize(info.PieceLength))
	for _, h := range description.Identify(info).Hashes() {
		c.Say("  %-10s %s", h.Name, h.Hash)
	}
}

// sayCreated says that a torrent was written.
func sayCreated(c *console.Console, t *metainfo.Torrent, d destination.Destination, wrote bool) {
	c.Emit(createdJSON{"created", d.Path, description.Identify(t.Info), t.Info.Pieces(), t.Info.PieceLength, countFiles(t.Info)})
	if wrote {
		c.Say("Wrote %s.", terminal.Sanitize(d.Path))
	} else {
		c.Say("%s already exists and is the same; nothing was written.", terminal.Sanitize(d.Path))
	}
}

// otherClientsRead is the length of .torrent files, in bytes, up to which other clients
// read them: libtorrent by default.
const otherClientsRead = 10_000_000

// warnOfTorrent says what a user would not expect of a torrent that was made.
func warnOfTorrent(c *console.Console, t *metainfo.Torrent) {
	size := int64(len(t.Info.Raw))
	if t.Info.HasV2() {
		size += 32 * int64(t.Info.Pieces()) // the piece layers
	}
	if size > otherClientsRead {
		c.Warn("the .torrent file has %s, and some clients refuse more than 10 MB; a larger --piece-length makes it smaller", quantity.Size(size))
	}
	for _, address := range slices.Concat(t.Tiers...) {
		if kind := unsupported.Trackers(address); kind != "" {
			c.Warn("%s: Shoal does not announce to %s yet; other clients do", hostOf(address), kind)
		}
	}
	for _, address := range t.WebSeeds {
		c.Warn("%s: Shoal does not download from web seeds yet; other clients do", hostOf(address))
	}
	renamed := 0
	for n, f := range t.Info.Entries {
		_, stored, nested := strings.Cut(f.Path, "/")
		_, own, _ := strings.Cut(t.BuiltFrom[n].Path, "/")
		if f.Pad || !nested || stored == own {
			continue
		}
		renamed++
		if renamed <= 10 {
			c.Warn("%s: clients that download it call it %s, because characters in its name hide what it is", terminal.Sanitize(own), terminal.Sanitize(stored))
		}
	}
	if renamed > 10 {
		c.Warn("%d more files get other names", renamed-10)
	}
}

// hostOf returns the host of a URL. The rest may hold a passkey.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an address"
	}
	return terminal.Sanitize(u.Host)
}

// countFiles returns the number of files of a torrent, without pads.
func countFiles(info *metainfo.Info) (n int) {
	for _, f := range info.Entries {
		if !f.Pad {
			n++
		}
	}
	return n
}
