// Package creation is how users say what torrent is made.
//
// In come flags; out go the options of package builder, where the .torrent file goes, and the
// flags that make the same torrent again. It makes no torrent and prints nothing by itself.
package creation

import (
	"cmp"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/address"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/destination"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/usage"
	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/builder"
)

// Flags are the flags of commands that make torrents.
type Flags struct {
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

// Options returns what makes a torrent by the flags. warn prints a warning.
func (f Flags) Options(warn func(format string, args ...any)) (builder.Options, error) {
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
			warn("left out %s: %s", terminal.Sanitize(path), why)
		},
	}
	if !f.NoDate {
		b.CreationDate = time.Now().Truncate(time.Second)
	}
	if n := b.PieceLength; n != 0 && (n < 16<<10 || n > 512<<20 || n&(n-1) != 0) {
		return b, usage.Error{Err: fmt.Errorf("--piece-length: %s is not a power of two from 16KiB to 512MiB", quantity.Size(n))}
	}
	for _, list := range f.Announce {
		var tier []string
		for u := range strings.SplitSeq(list, ",") {
			if u = strings.TrimSpace(u); u == "" {
				continue
			}
			if err := address.CheckURL(u, "http", "https", "udp", "ws", "wss"); err != nil {
				return b, usage.Error{Err: fmt.Errorf("--announce: %w", err)}
			}
			tier = append(tier, u)
		}
		if len(tier) > 0 {
			b.Tiers = append(b.Tiers, tier)
		}
	}
	for _, u := range f.WebSeed {
		if err := address.CheckURL(u, "http", "https", "ftp"); err != nil {
			return b, usage.Error{Err: fmt.Errorf("--web-seed: %w", err)}
		}
	}
	for _, node := range f.Node {
		if _, port, err := net.SplitHostPort(node); err != nil || port == "" {
			return b, usage.Error{Err: fmt.Errorf("--node: %q is not HOST:PORT, such as router.example:6881", node)}
		}
	}
	return b, nil
}

// WarnOfPrivate warns that nobody finds peers of a torrent, before it is made.
func (f Flags) WarnOfPrivate(warn func(format string, args ...any)) {
	if f.Private && len(f.Announce) == 0 {
		warn("the torrent is private and names no tracker, so clients that obey find no peers; add --announce")
	}
}

// Destination returns where the torrent of that name goes, which is its name in the
// current folder if the user did not say.
func (f Flags) Destination(path, name string) destination.Destination {
	if path == "" {
		path = destination.Named(name)
	}
	return destination.Destination{Path: path, Force: f.Force, All: len(f.Exclude) == 0 && !f.NoHidden}
}

// CheckOutput returns an error if the torrent of the content at path cannot go where it
// should, as far as that is known before hours of hashing.
func (f Flags) CheckOutput(output, path string) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	return f.Destination(output, cmp.Or(f.Name, filepath.Base(abs))).Check(path)
}

// ForTorrent returns the flags that make the same torrent again. version is that of this
// program.
func (f Flags) ForTorrent(info *metainfo.Info, version string) (flags []string) {
	each := func(name string, values ...string) {
		for _, value := range values {
			if value != "" {
				flags = append(flags, "--"+name+"="+value)
			}
		}
	}
	each("name", info.Name)
	each("format", strings.Replace(f.Format, "v1", "", 1))
	each("piece-length", strconv.FormatInt(info.PieceLength, 10))
	each("announce", f.Announce...)
	each("comment", f.Comment)
	if f.CreatedBy != "shoal "+version {
		flags = append(flags, "--created-by="+f.CreatedBy)
	}
	each("source", f.Source)
	each("web-seed", f.WebSeed...)
	each("node", f.Node...)
	each("exclude", f.Exclude...)
	for _, flag := range []struct {
		name string
		set  bool
	}{{"--private", f.Private}, {"--no-date", f.NoDate}, {"--no-hidden", f.NoHidden}} {
		if flag.set {
			flags = append(flags, flag.name)
		}
	}
	return slices.Clip(flags)
}
