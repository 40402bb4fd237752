package metainfo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/metainfo/internal/dict"
	"github.com/shoal-bt/shoal/swarm"
)

// A Torrent is a .torrent file: an info dictionary and what surrounds it. All fields
// except Info may be changed before it is written, while nobody else uses it.
type Torrent struct {
	Info *Info

	// Tiers holds the URLs of trackers. Those of the first tier are all tried
	// before any of the second (BEP 12). A file with only "announce" has one
	// tier of one URL.
	// https://www.bittorrent.org/beps/bep_0012.html
	Tiers [][]string

	// WebSeeds are URLs of servers with the content (BEP 19). HTTPSeeds are URLs
	// of scripts that send pieces (BEP 17).
	// https://www.bittorrent.org/beps/bep_0019.html
	// https://www.bittorrent.org/beps/bep_0017.html
	WebSeeds, HTTPSeeds []string

	// Nodes are DHT nodes to start from, each "host:port" (BEP 5).
	// https://www.bittorrent.org/beps/bep_0005.html#torrent-file-extensions
	Nodes []string

	// Texts by the maker of the torrent. They come from strangers and may be any
	// bytes, so do not print them to a terminal as they are.
	Comment, CreatedBy, Encoding string

	// CreationDate has a resolution of a second. It is the zero time if the file
	// does not have it.
	CreationDate time.Time

	// Similar and Collections are hints as in Info, in addition to those (BEP 38).
	// https://www.bittorrent.org/beps/bep_0038.html
	Similar     []swarm.ID
	Collections []string

	// BuiltFrom holds all files as package builder found them, for a client that
	// seeds from there. Paths are below the folder that holds the content, or
	// below the fs.FS if all of that is the content. They differ from those of
	// Info.Files if a name was cleaned or replaced. It is nil in a torrent that was
	// read, and Bytes does not write it.
	BuiltFrom []swarm.File

	extra []dict.Entry // other entries of the file, sorted by key
}

// Parse reads a .torrent file. It keeps no part of b. An error is an
// *InvalidError.
func Parse(b []byte) (*Torrent, error) { return Options{}.Parse(b) }

// ReadFile reads the .torrent file at path. An error is an *InvalidError if the file is
// at fault, and another if it cannot be read.
func ReadFile(path string) (*Torrent, error) { return Options{}.ReadFile(path) }

// ReadFile is like the function ReadFile, with the limits of o.
func (o Options) ReadFile(path string) (*Torrent, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("metainfo: %w", err)
	}
	defer f.Close()
	size := int64(0)
	if info, err := f.Stat(); err == nil {
		size = info.Size()
	}
	return o.read(f, size)
}

// Read reads a .torrent file from r. It reads at most one byte more than the file may
// have. An error is an *InvalidError, or the error of r.
func (o Options) Read(r io.Reader) (*Torrent, error) { return o.read(r, 0) }

// read is Read for a file that is likely to have size bytes.
func (o Options) read(r io.Reader, size int64) (*Torrent, error) {
	limit := o.maxBytes(10<<20) + 1
	var b bytes.Buffer
	b.Grow(int(min(max(size, 0), limit, 1<<20)) + bytes.MinRead)
	if _, err := b.ReadFrom(io.LimitReader(r, limit)); err != nil {
		return nil, fmt.Errorf("metainfo: %w", err)
	}
	return o.parse(b.Bytes())
}

// Parse is like the function Parse, with the limits of o.
func (o Options) Parse(b []byte) (*Torrent, error) { return o.parse(bytes.Clone(b)) }

// parse is Parse, but keeps b.
func (o Options) parse(b []byte) (*Torrent, error) {
	if limit := o.maxBytes(10 << 20); int64(len(b)) > limit {
		return nil, &InvalidError{fmt.Errorf("the file has more than %d bytes", limit)}
	}
	v, rest, err := bencode.ScanPrefix(b, bencode.Options{Lenient: true})
	if err != nil {
		return nil, &InvalidError{err}
	}
	t, err := o.torrent(v)
	if err != nil {
		return nil, &InvalidError{err}
	}
	// Editors and downloads append an end of line.
	if rest = bytes.Trim(rest, "\r\n\x00 "); len(rest) > 0 {
		return nil, &InvalidError{errors.New("data follows the torrent")}
	}
	return t, nil
}

func (o Options) torrent(v bencode.Value) (*Torrent, error) {
	if v.Kind() != bencode.Dict {
		return nil, &bencode.TypeError{Want: bencode.Dict, Got: v.Kind()}
	}
	info, err := v.GetDict("info")
	if err != nil {
		return nil, err
	}
	t := &Torrent{}
	if t.Info, err = o.info(info); err != nil {
		return nil, fmt.Errorf("info: %w", err)
	}
	if t.Info.HasV2() {
		if err := t.Info.readLayers(v); err != nil {
			return nil, err
		}
	}
	t.readOuter(v)
	return t, nil
}

// knownKeys are the keys that Torrent has fields for. Texts under "….utf-8" are read
// into the field, and written under the other key.
var knownKeys = []string{
	"announce", "announce-list", "collections", "comment", "comment.utf-8", "created by", "created by.utf-8",
	"creation date", "encoding", "httpseeds", "info", "nodes", "piece layers", "similar", "url-list",
}

// readOuter reads everything except the info dictionary and the piece layers. None of
// it is essential, so it leaves out what is malformed.
func (t *Torrent) readOuter(v bencode.Value) {
	t.Tiers = readTiers(v)
	t.WebSeeds = readURLs(v, "url-list")
	t.HTTPSeeds = readURLs(v, "httpseeds")
	t.Nodes = readNodes(v)
	t.Comment = readText(v, "comment")
	t.CreatedBy = readText(v, "created by")
	t.Encoding, _ = v.GetText("encoding")
	if n, err := v.GetInt("creation date"); err == nil && n > 0 {
		t.CreationDate = time.Unix(n, 0).UTC()
	}
	t.Similar, t.Collections = readSimilar(v)
	for key, e := range v.Dict() {
		if !slices.Contains(knownKeys, string(key)) {
			t.extra = append(t.extra, dict.Entry{Key: string(key), Raw: e.Raw()})
		}
	}
	// If a key is there twice, the first counts, as in look-ups.
	slices.SortStableFunc(t.extra, func(a, b dict.Entry) int { return strings.Compare(a.Key, b.Key) })
	t.extra = slices.CompactFunc(t.extra, func(a, b dict.Entry) bool { return a.Key == b.Key })
}

func readText(v bencode.Value, key string) string {
	if s, err := v.GetText(key + ".utf-8"); err == nil && s != "" {
		return s
	}
	s, _ := v.GetText(key)
	return s
}

// readTiers reads the trackers. If there is a list, "announce" is ignored (BEP 12). A
// URL that is there more than once counts the first time.
// https://www.bittorrent.org/beps/bep_0012.html
func readTiers(v bencode.Value) [][]string {
	var tiers [][]string
	seen := make(map[string]bool)
	read := func(urls ...bencode.Value) {
		var tier []string
		for _, u := range urls {
			s, _ := u.Text()
			if s = strings.TrimSpace(s); s != "" && !seen[s] {
				seen[s] = true
				tier = append(tier, s)
			}
		}
		if len(tier) > 0 {
			tiers = append(tiers, tier)
		}
	}
	if list, ok := v.Get("announce-list"); ok {
		for tier := range list.List() {
			if tier.Kind() == bencode.String { // a list of URLs instead of one of lists
				read(tier)
			} else {
				read(slices.Collect(tier.List())...)
			}
		}
	}
	if len(tiers) == 0 {
		if u, ok := v.Get("announce"); ok {
			read(u)
		}
	}
	return tiers
}

// readURLs reads a string or a list of strings, without duplicates.
func readURLs(v bencode.Value, key string) []string {
	var urls []string
	seen := make(map[string]bool)
	add := func(u bencode.Value) {
		s, _ := u.Text()
		if s = strings.TrimSpace(s); s != "" && !seen[s] {
			seen[s] = true
			urls = append(urls, s)
		}
	}
	u, _ := v.Get(key)
	add(u)
	for e := range u.List() {
		add(e)
	}
	return urls
}

// readNodes reads a list of pairs of host and port, without malformed ones.
// https://www.bittorrent.org/beps/bep_0005.html#torrent-file-extensions
func readNodes(v bencode.Value) []string {
	var nodes []string
	list, _ := v.Get("nodes")
	for e := range list.List() {
		pair := slices.Collect(e.List())
		if len(pair) != 2 {
			continue
		}
		host, err1 := pair[0].Text()
		port, err2 := pair[1].Int()
		if err1 != nil || err2 != nil || host == "" || port <= 0 || port > 65535 {
			continue
		}
		node := net.JoinHostPort(host, strconv.FormatInt(port, 10))
		if h, _, err := net.SplitHostPort(node); err == nil && h == host {
			nodes = append(nodes, node)
		}
	}
	return nodes
}

// IDs returns the IDs of the torrent's swarms, as Info.IDs does.
func (t *Torrent) IDs() []swarm.ID { return t.Info.IDs() }
