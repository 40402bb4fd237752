package metainfo

import (
	"bytes"
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
	"github.com/shoal-bt/shoal/metainfo/internal/layout"
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

	// Warnings name what was left out because it is malformed, those of Info
	// included. Bytes does not write them.
	Warnings []Warning

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
	limit := o.maxBytes() + 1
	var b bytes.Buffer
	b.Grow(int(min(max(size, 0), limit, layout.MaxBytes)) + bytes.MinRead)
	if _, err := b.ReadFrom(io.LimitReader(r, limit)); err != nil {
		return nil, fmt.Errorf("metainfo: %w", err)
	}
	return o.parse(b.Bytes())
}

// Parse is like the function Parse, with the limits of o.
func (o Options) Parse(b []byte) (*Torrent, error) { return o.parse(bytes.Clone(b)) }

// parse is Parse, but keeps b.
func (o Options) parse(b []byte) (*Torrent, error) {
	if limit := o.maxBytes(); int64(len(b)) > limit {
		return nil, &InvalidError{fmt.Errorf("the file has more than %d bytes", limit)}
	}
	v, rest, err := bencode.ScanPrefix(b, bencode.Options{Lenient: true})
	if err != nil {
		return nil, &InvalidError{err}
	}
	var warn warnings
	// Editors and downloads append an end of line, which is worth no warning.
	if len(bytes.Trim(rest, "\r\n\x00 ")) > 0 {
		warn.add("end of the file", "the torrent ends at byte %d of %d; the rest is ignored", len(b)-len(rest), len(b))
	}
	t, err := o.torrent(v, &warn)
	if err != nil {
		return nil, &InvalidError{err}
	}
	t.Warnings = slices.Concat(t.Info.Warnings, warn)
	return t, nil
}

func (o Options) torrent(v bencode.Value, w *warnings) (*Torrent, error) {
	if v.Kind() != bencode.Dict {
		return nil, &bencode.TypeError{Want: bencode.Dict, Got: v.Kind()}
	}
	info, err := v.GetDict("info")
	if err != nil {
		return nil, err
	}
	t := &Torrent{}
	encoding, _ := v.GetText("encoding")
	if t.Info, err = o.info(info, encoding); err != nil {
		return nil, fmt.Errorf("info: %w", err)
	}
	if t.Info.HasV2() {
		t.Info.readLayers(v, w)
	}
	t.readOuter(v, w)
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
func (t *Torrent) readOuter(v bencode.Value, w *warnings) {
	t.Tiers = readTiers(v, w)
	t.WebSeeds = readURLs(v, "url-list", w)
	t.HTTPSeeds = readURLs(v, "httpseeds", w)
	t.Nodes = readNodes(v, w)
	t.Comment = readText(v, "comment", w)
	t.CreatedBy = readText(v, "created by", w)
	t.Encoding = readText(v, "encoding", w)
	t.CreationDate = readDate(v, w)
	t.Similar, t.Collections = readSimilar(v, w)
	for key, e := range v.Dict() {
		if !slices.Contains(knownKeys, string(key)) {
			t.extra = append(t.extra, dict.Entry{Key: string(key), Raw: e.Raw()})
		}
	}
	// If a key is there twice, the first counts, as in look-ups.
	slices.SortStableFunc(t.extra, func(a, b dict.Entry) int { return strings.Compare(a.Key, b.Key) })
	t.extra = slices.CompactFunc(t.extra, func(a, b dict.Entry) bool { return a.Key == b.Key })
}

func readText(v bencode.Value, key string, w *warnings) string {
	if s, err := v.GetText(key + ".utf-8"); err == nil && s != "" {
		return s
	}
	s, err := optional(v.GetText(key))
	if err != nil {
		w.add(key, "%v; it is left out", err)
	}
	return s
}

// maxDate is the last second of the year 9999: JSON and most formats of dates end there.
const maxDate = 253_402_300_799

// readDate reads the creation date, the zero time if there is none. Some programs write
// milliseconds, and 0 for no date.
func readDate(v bencode.Value, w *warnings) time.Time {
	const key = "creation date"
	n, err := optional(v.GetInt(key))
	switch {
	case err != nil:
		w.add(key, "%v; it is left out", err)
	case n < 0:
		w.add(key, "%d is before 1970; it is left out", n)
	case n > maxDate:
		w.add(key, "%d is after the year 9999; it is left out", n)
	case n > 0:
		return time.Unix(n, 0).UTC()
	}
	return time.Time{}
}

// readTiers reads the trackers. If there is a list, "announce" is ignored (BEP 12). A
// URL that is there more than once counts the first time.
// https://www.bittorrent.org/beps/bep_0012.html
func readTiers(v bencode.Value, w *warnings) [][]string {
	var tiers [][]string
	const key = "announce-list"
	r := urlReader{key: key, warnings: w}
	addTier := func(tier []string) {
		if len(tier) > 0 {
			tiers = append(tiers, tier)
		}
	}
	for tier := range listOf(v, key, w) {
		addTier(r.read(tier)) // it may be a URL instead of a list of them
	}
	if u, ok := v.Get("announce"); ok && len(tiers) == 0 {
		r.key = "announce"
		addTier(r.read(u))
	}
	return tiers
}

// readURLs reads the URLs of a key, a string or a list of strings.
func readURLs(v bencode.Value, key string, w *warnings) []string {
	u, ok := v.Get(key)
	if !ok {
		return nil
	}
	r := urlReader{key: key, warnings: w}
	return r.read(u)
}

// A urlReader reads URLs of one kind, each once.
type urlReader struct {
	key      string
	warnings *warnings
	seen     map[string]bool
}

// read reads a URL or a list of them.
func (r *urlReader) read(v bencode.Value) (urls []string) {
	if v.Kind() != bencode.List {
		return r.add(nil, v)
	}
	for u := range v.List() {
		urls = r.add(urls, u)
	}
	return urls
}

func (r *urlReader) add(urls []string, u bencode.Value) []string {
	s, err := u.Text()
	if err != nil {
		r.warnings.add(r.key, "%v; it is left out", err)
	}
	if s = strings.TrimSpace(s); s == "" || r.seen[s] {
		return urls
	}
	if len(r.seen) == maxURLs {
		r.warnings.add(r.key, tooManyURLs, maxURLs)
		return urls
	}
	if r.seen == nil {
		r.seen = make(map[string]bool)
	}
	r.seen[s] = true
	return append(urls, s)
}

const tooManyURLs = "there are more than %d; the others are left out"

// readNodes reads a list of pairs of host and port, without malformed ones.
// https://www.bittorrent.org/beps/bep_0005.html#torrent-file-extensions
func readNodes(v bencode.Value, w *warnings) []string {
	const key = "nodes"
	var nodes []string
	for e := range listOf(v, key, w) {
		node, ok := readNode(e)
		if !ok {
			w.add(key, "it is not a pair of host and port; it is left out")
			continue
		}
		if len(nodes) == maxURLs {
			w.add(key, tooManyURLs, maxURLs)
			break
		}
		nodes = append(nodes, node)
	}
	return nodes
}

func readNode(e bencode.Value) (node string, ok bool) {
	if e.Len() != 2 || e.Kind() != bencode.List {
		return "", false
	}
	pair := slices.Collect(e.List())
	host, err1 := pair[0].Text()
	port, err2 := pair[1].Int()
	if err1 != nil || err2 != nil || host == "" || port <= 0 || port > 65535 {
		return "", false
	}
	node = net.JoinHostPort(host, strconv.FormatInt(port, 10))
	h, _, err := net.SplitHostPort(node)
	return node, err == nil && h == host
}

// IDs returns the IDs of the torrent's swarms, as Info.IDs does.
func (t *Torrent) IDs() []swarm.ID { return t.Info.IDs() }
