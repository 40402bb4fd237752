package main

import (
	"context"
	"path/filepath"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/shell"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/metainfo"
)

type createCommand struct {
	Path   string `arg:"" help:"File or folder to make a torrent of."`
	Output string `short:"o" placeholder:"FILE" help:"Where to write the torrent, - for standard output (default: NAME.torrent in the current folder)."`
	buildFlags
}

// Help is shown below the usage.
func (createCommand) Help() string {
	return `The content is read and hashed; it is not changed. Symlinks within a folder become part of the torrent.

Examples:

    shoal create film.mkv
    shoal create album/ -o album.torrent --comment "Live, 2026"
    shoal create album/ --announce http://one.example/announce,http://two.example/announce --announce http://spare.example/announce
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
func (cmd createCommand) Run(ctx context.Context, c *console) error {
	b, err := cmd.builder(c)
	if err != nil {
		return err
	}
	stdout, toStdout := c.stdout, cmd.Output == "-"
	if toStdout { // what is said must not get between the bytes
		c = newConsole(c.stdin, c.stderr, c.stderr)
	}
	path, err := filepath.Abs(cmd.Path)
	if err != nil {
		return err
	}
	if b.Name == "" {
		b.Name = filepath.Base(path)
	}
	m := newMeter(c, "hashing "+terminal.Sanitize(b.Name))
	b.Progress = m.set
	t, err := b.File(ctx, path)
	took := m.end()
	if err != nil {
		return err
	}
	output := cmd.Output
	if output == "" {
		output = t.Info.Name + ".torrent"
	}
	if toStdout {
		return t.Write(stdout)
	}
	wrote, err := saveTorrent(t, output, cmd.Force)
	if err != nil {
		return err
	}
	c.emit(createdJSON{"created", output, identify(t.Info), t.Info.Pieces(), t.Info.PieceLength, countFiles(t.Info)})
	if !wrote {
		c.say("%s already exists and is the same; nothing was written.", output)
	} else {
		c.say("Wrote %s.", output)
	}
	c.say("  name       %s", terminal.Sanitize(t.Info.Name))
	c.say("  content    %s in %s, hashed in %s", quantity.Size(t.Info.ContentLength()), quantity.Count(countFiles(t.Info), "file"), quantity.Duration(took))
	c.say("  pieces     %s of %s", quantity.Number(int64(t.Info.Pieces())), quantity.ExactSize(t.Info.PieceLength))
	for _, h := range identify(t.Info).hashes() {
		c.say("  %-10s %s", h.what, h.hash)
	}
	c.say("")
	c.say("To share it: %s seed %s --dir %s", shell.Program(), shell.Quote(output), shell.Quote(filepath.Dir(cmd.Path)))
	return nil
}

// countFiles returns the number of countFiles of a torrent, without pads.
func countFiles(info *metainfo.Info) (n int) {
	for _, f := range info.Entries {
		if !f.Pad {
			n++
		}
	}
	return n
}
