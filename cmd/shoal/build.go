package main

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/destination"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
)

// buildFlags are the flags of commands that make torrents.
type buildFlags struct {
	Announce    []string       `sep:"none" placeholder:"URL" help:"Announce URL of a tracker. Each --announce adds a tier, which clients try after the tiers before it. Separate the URLs of one tier with commas."`
	Format      string         `enum:"v1,v2,hybrid" default:"v1" placeholder:"v1|v2|hybrid" help:"Protocol version: v1 for every client (the default), v2 for new ones, hybrid for both."`
	PieceLength quantity.Bytes `placeholder:"SIZE" help:"Length of a piece, a power of two from 16KiB to 512MiB (default: depends on the length of the content)."`
	Name        string         `help:"Name of the torrent (default: the name of the file or folder)."`
	Comment     string         `placeholder:"TEXT" help:"Comment that clients show."`
	CreatedBy   string         `default:"shoal ${shoal}" placeholder:"TEXT" help:"Program that made the torrent."`
	Private     bool           `help:"Tell clients to take peers only from the trackers (BEP 27)."`
	Source      string         `placeholder:"TEXT" help:"Text that changes the info hash, as some private trackers require."`
	WebSeed     []string       `sep:"none" placeholder:"URL" help:"Address of a web server with the content (BEP 19). May be given several times."`
	Node        []string       `placeholder:"HOST:PORT" help:"DHT node to start from (BEP 5). May be given several times."`
	NoDate      bool           `help:"Leave out the date, so that the same content always gives the same file."`
	Exclude     []string       `sep:"none" placeholder:"GLOB" help:"Leave out files and folders of that name, such as \"*.tmp\"; with a slash, of that path below the folder. May be given several times."`
	NoHidden    bool           `help:"Leave out hidden files and folders, and those that systems make, such as .DS_Store and Thumbs.db."`
	Force       bool           `short:"f" help:"Replace an existing .torrent file."`
}

// builder returns what makes a torrent by the flags.
func (f buildFlags) builder(c *console) (builder.Options, error) {
	b := builder.Options{
		Format:      map[string]metainfo.Format{"v2": metainfo.V2, "hybrid": metainfo.Hybrid}[f.Format],
		PieceLength: int64(f.PieceLength),
		Name:        f.Name,
		Private:     f.Private,
		Source:      f.Source,
		WebSeeds:    f.WebSeed,
		Nodes:       f.Node,
		Comment:     f.Comment,
		CreatedBy:   f.CreatedBy,
		Exclude:     f.Exclude,
		NoHidden:    f.NoHidden,
		Skipped: func(path, why string) {
			c.warn("left out %s: %s", terminal.Sanitize(path), why)
		},
	}
	if !f.NoDate {
		b.CreationDate = time.Now().Truncate(time.Second)
	}
	if n := b.PieceLength; n != 0 && (n < 16<<10 || n > 512<<20 || n&(n-1) != 0) {
		return b, usageError{fmt.Errorf("--piece-length: %s is not a power of two from 16KiB to 512MiB", quantity.Size(n))}
	}
	for _, list := range f.Announce {
		var tier []string
		for u := range strings.SplitSeq(list, ",") {
			if u = strings.TrimSpace(u); u == "" {
				continue
			}
			if err := checkURL(u, "http", "https", "udp", "ws", "wss"); err != nil {
				return b, usageError{fmt.Errorf("--announce: %w", err)}
			}
			tier = append(tier, u)
		}
		if len(tier) > 0 {
			b.Tiers = append(b.Tiers, tier)
		}
	}
	for _, u := range f.WebSeed {
		if err := checkURL(u, "http", "https", "ftp"); err != nil {
			return b, usageError{fmt.Errorf("--web-seed: %w", err)}
		}
	}
	for _, node := range f.Node {
		if _, port, err := net.SplitHostPort(node); err != nil || port == "" {
			return b, usageError{fmt.Errorf("--node: %q is not HOST:PORT, such as router.example:6881", node)}
		}
	}
	return b, nil
}

// warnOfPrivate warns that nobody finds peers of a torrent, before it is made.
func (f buildFlags) warnOfPrivate(c *console) {
	if f.Private && len(f.Announce) == 0 {
		c.warn("the torrent is private and names no tracker, so clients that obey find no peers; add --announce")
	}
}

// checkURL reports whether text is a URL with a host and one of some schemes. The
// error does not show it, since it may hold a passkey.
func checkURL(text string, schemes ...string) error {
	u, err := url.Parse(text)
	if err == nil && u.Host != "" {
		for _, s := range schemes {
			if strings.EqualFold(u.Scheme, s) {
				return nil
			}
		}
	}
	return fmt.Errorf("this is not a URL; give one such as http://tracker.example:6969/announce")
}

// destinationOf returns where the torrent of that name goes, which is its name in the
// current folder if the user did not say.
func (f buildFlags) destinationOf(path, name string) destination.Destination {
	if path == "" {
		path = destination.Named(name)
	}
	return destination.Destination{Path: path, Force: f.Force, All: len(f.Exclude) == 0 && !f.NoHidden}
}

// checkOutput returns an error if the torrent of the content at path cannot go where it
// should, as far as that is known before hours of hashing.
func (f buildFlags) checkOutput(output, path string) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	return f.destinationOf(output, cmp.Or(f.Name, filepath.Base(abs))).Check(path)
}
