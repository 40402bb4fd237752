package torrentsource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/advice"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/console"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/interrupt"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/shell"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/metainfo"
)

// Read is Load, and warns of malformed parts that were left out.
func Read(ctx context.Context, c *console.Console, name string) (*metainfo.Torrent, error) {
	t, err := Load(ctx, c, name)
	if err != nil {
		return nil, err
	}
	if strings.Contains(name, "://") { // it may have a passkey
		name = t.Info.Name
	}
	for _, w := range t.Warnings {
		c.Warn("%s: %s", terminal.Sanitize(name), terminal.Sanitize(w.String()))
	}
	return t, nil
}

// errLinkOnly says that a command cannot work with a magnet link or an info hash.
var errLinkOnly = errors.New("this command needs a .torrent file; a magnet link or an info hash only says which torrent it is")

// LinkOnly returns errLinkOnly with the command that gets the .torrent file of a link.
func LinkOnly(link string) error {
	return advice.New(errLinkOnly, "To get the .torrent file: "+shell.Command("get", shell.Quote(link), "--metadata-only"))
}

// Load reads a torrent from a file, from an http or https address, or from
// standard input if name is "-". It returns at once when ctx is done, even while a pipe
// has nothing to read.
func Load(ctx context.Context, c *console.Console, name string) (*metainfo.Torrent, error) {
	lower := strings.ToLower(name)
	switch {
	case name == "-":
		return nameSource("standard input", func() (*metainfo.Torrent, error) {
			return interrupt.Await(ctx, func() (*metainfo.Torrent, error) { return metainfo.Options{}.Read(c.Stdin) })
		})
	case strings.HasPrefix(lower, "magnet:"):
		m, err := metainfo.ParseMagnet(name)
		switch {
		case err != nil:
			return nil, advice.New(err, LinkAdvice)
		case len(m.IDs()) == 0:
			return nil, KeyOnly(name)
		}
		return nil, LinkOnly(name)
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"):
		return client.Config{}.FetchTorrent(ctx, name)
	}
	st, err := os.Stat(name)
	_, hash := client.ParseHash(name)
	switch {
	case err == nil && st.IsDir():
		return nil, advice.New(fmt.Errorf("%s is a folder, not a .torrent file", name),
			"To make a torrent of it: "+shell.Command("create", shell.Path(name))+"\nTo share it: "+shell.Command("seed", shell.Path(name)))
	case errors.Is(err, fs.ErrNotExist) && hash == nil:
		return nil, LinkOnly(name)
	case errors.Is(err, fs.ErrNotExist) && strings.Contains(name, "://"):
		return nil, advice.New(fmt.Errorf("%s: there is no such file, and Shoal reads only http and https addresses", name),
			"Save the .torrent file with another program, then name the file.")
	case errors.Is(err, fs.ErrNotExist) && isCutHash(name):
		return nil, advice.New(fmt.Errorf("%s: there is no such file, and it is no info hash: that has 40 or 64 hexadecimal digits, not %d", name, len(name)),
			"Check that you copied the whole hash.")
	}
	return nameSource(name, func() (*metainfo.Torrent, error) {
		return interrupt.Await(ctx, func() (*metainfo.Torrent, error) { return metainfo.ReadFile(name) })
	})
}

// isCutHash reports whether a name looks like an info hash that was not copied well.
func isCutHash(name string) bool {
	const shortest = 30 // digits; no file has such a name by chance
	return len(name) >= shortest && strings.Trim(strings.ToLower(name), "0123456789abcdef") == ""
}

// GetCommand returns the command that downloads what a source names, or what is
// missing of it, to a folder; empty if the source cannot be named.
func GetCommand(source, dir string, flags ...string) string {
	if !Nameable(source) {
		return ""
	}
	return shell.Command("get", append([]string{shell.Path(source), shell.Flag("--dir", dir)}, flags...)...)
}

// Nameable reports whether a command to paste can name a source: standard input is
// read already, and an address may have a passkey.
func Nameable(source string) bool { return source != "-" && !strings.Contains(source, "://") }

// nameSource names the source of a torrent in an error about its content.
func nameSource(name string, read func() (*metainfo.Torrent, error)) (*metainfo.Torrent, error) {
	t, err := read()
	var invalid *metainfo.InvalidError
	if errors.As(err, &invalid) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return t, err
}
