package main

import (
	"cmp"
	"context"
	"io"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/choosing"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
)

type catCommand struct {
	Source string `arg:"" name:"torrent" help:".torrent file, http or https URL of a .torrent file, magnet link, info hash, or - for standard input."`
	choosing.SelectFlag
	streamFlags
}

// Help is shown below the usage.
func (catCommand) Help() string {
	return `The bytes come in order, as soon as they are here and checked, so that another program can use them while the rest is downloaded. What is already on disk is not downloaded again, and what is downloaded stays, unless you give --temporary. If the torrent has several files, --select names one.

Everything else is printed to standard error: on a terminal how far the download is; with --json objects.

Examples:

    shoal cat some.torrent --select song.flac > song.flac
    shoal cat some.torrent --select 1 | sha256sum
    shoal cat "magnet:?xt=urn:btih:..." --select song.flac | mpv -

` + choosing.HelpOnGlobs + `

The exit code is 0 when the whole file is written, 1 if something failed, and 130 if you pressed Ctrl-C or the other program closed its end before that.`
}

// Run writes the file.
func (cmd catCommand) Run(ctx context.Context, c *console.Console) error {
	choice, err := choosing.FileFlags{SelectFlag: cmd.SelectFlag}.Parse(c, nil)
	if err != nil {
		return err
	}
	content := c.LeaveStdout()
	c.IsQuiet = true
	return cmd.inFolder(c, func() error { return cmd.write(ctx, c, choice, content) })
}

// write writes the file to w while it is downloaded.
func (cmd catCommand) write(ctx context.Context, c *console.Console, chosen choosing.Choice, w io.Writer) error {
	get := cmd.get(cmd.Source)
	config, o, err := get.settings(ctx)
	if err != nil {
		return err
	}
	s, err := openSession(c, config, o.Peers)
	if err != nil {
		return err
	}
	chosen.Use = chosen.ToPrint
	s.choice, s.quiet = chosen, true
	copying, stop := context.WithCancel(ctx)
	defer stop()
	var isDone bool
	var copyErr error
	s.until = func() bool { return isDone }
	s.ready = func(i *item) error {
		file, err := s.wantedFile(i, choosing.OnlyOne)
		if err != nil {
			return err
		}
		go func() {
			err := copyFile(copying, w, file)
			s.call(func() { isDone, copyErr = true, err })
		}()
		return nil
	}
	failed := get.add(ctx, s, o)
	if len(s.items) > 0 {
		s.run(ctx)
	}
	if err := s.close(); err != nil {
		return err
	}
	switch {
	case isDone:
		return copyErr
	case failed != nil:
		return failed
	}
	return cmp.Or(s.failed(), ctx.Err())
}

// copyFile writes a file in order.
func copyFile(ctx context.Context, w io.Writer, file client.File) error {
	r, err := file.NewReader(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	const size = 256 << 10
	_, err = io.CopyBuffer(contentWriter{w}, r, make([]byte, size))
	return err
}

// A contentWriter is standard output for content. When it cannot be written, the program says so.
type contentWriter struct{ to io.Writer }

func (w contentWriter) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	if err != nil {
		err = console.ReportedError{Err: err}
	}
	return n, err
}
