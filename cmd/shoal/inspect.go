package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/metainfo"
)

type inspectCommand struct {
	Torrent []string `arg:"" help:".torrent files, http or https URLs of .torrent files, magnet links, or - for standard input."`
}

// Help is shown below the usage.
func (inspectCommand) Help() string {
	return `No content is downloaded. Only this command shows complete announce URLs, including passkeys.

Examples:

    shoal inspect some.torrent
    shoal inspect --json some.torrent | jq .files
    shoal inspect https://example.com/some.torrent
    shoal inspect "magnet:?xt=urn:btih:..."`
}

// An identity is what names a torrent.
type identity struct {
	Name   string `json:"name"`
	Format string `json:"format,omitempty"` // "v1", "v2" or "hybrid"
	HashV1 string `json:"infoHash,omitempty"`
	HashV2 string `json:"infoHashV2,omitempty"`
}

// identify returns the identity of a torrent.
func identify(info *metainfo.Info) identity {
	id := identity{Name: info.Name, Format: metainfo.V1.String()}
	switch {
	case info.HasV1() && info.HasV2():
		id.Format = metainfo.Hybrid.String()
	case info.HasV2():
		id.Format = metainfo.V2.String()
	}
	if info.HasV1() {
		id.HashV1 = hex.EncodeToString(info.HashV1[:])
	}
	if info.HasV2() {
		id.HashV2 = hex.EncodeToString(info.HashV2[:])
	}
	return id
}

type namedHash struct{ what, hash string }

// hashes returns the info hashes with what to call them.
func (id identity) hashes() (all []namedHash) {
	if id.HashV1 != "" {
		all = append(all, namedHash{"info hash", id.HashV1})
	}
	if id.HashV2 != "" {
		all = append(all, namedHash{"v2 hash", id.HashV2})
	}
	return all
}

// torrentJSON is the JSON object of a torrent.
type torrentJSON struct {
	identity
	Length       int64      `json:"length"` // of all files, in bytes
	PieceLength  int64      `json:"pieceLength"`
	Pieces       int        `json:"pieces"`
	Private      bool       `json:"private"`
	Source       string     `json:"source,omitempty"`
	Comment      string     `json:"comment,omitempty"`
	CreatedBy    string     `json:"createdBy,omitempty"`
	CreationDate *time.Time `json:"creationDate,omitempty"`
	Encoding     string     `json:"encoding,omitempty"`
	Trackers     [][]string `json:"trackers"`
	WebSeeds     []string   `json:"webSeeds,omitempty"`
	HTTPSeeds    []string   `json:"httpSeeds,omitempty"`
	Nodes        []string   `json:"nodes,omitempty"`
	Similar      []string   `json:"similar,omitempty"`
	Collections  []string   `json:"collections,omitempty"`
	Magnet       string     `json:"magnet"`
	Files        []fileJSON `json:"files"`
}

type fileJSON struct {
	Path       string `json:"path"`
	Length     int64  `json:"length"` // in bytes
	Offset     int64  `json:"offset"` // of the first byte in the torrent
	Pad        bool   `json:"pad,omitempty"`
	Executable bool   `json:"executable,omitempty"`
	Hidden     bool   `json:"hidden,omitempty"`
	Symlink    string `json:"symlink,omitempty"`
	MD5        string `json:"md5,omitempty"`
	SHA1       string `json:"sha1,omitempty"`
	PiecesRoot string `json:"piecesRoot,omitempty"`
}

// describeTorrent gathers what is known of a torrent.
func describeTorrent(t *metainfo.Torrent) torrentJSON {
	info := t.Info
	v := torrentJSON{
		identity: identify(info),
		Length:   info.ContentLength(), PieceLength: info.PieceLength, Pieces: info.Pieces(),
		Private: info.Private, Source: info.Source,
		Comment: t.Comment, CreatedBy: t.CreatedBy, Encoding: t.Encoding,
		Trackers: t.Tiers, WebSeeds: t.WebSeeds, HTTPSeeds: t.HTTPSeeds, Nodes: t.Nodes,
		Magnet: t.Magnet().String(),
		Files:  []fileJSON{},
	}
	if v.Trackers == nil {
		v.Trackers = [][]string{}
	}
	if !t.CreationDate.IsZero() {
		date := t.CreationDate.UTC()
		v.CreationDate = &date
	}
	for _, id := range slices.Concat(info.Similar, t.Similar) {
		v.Similar = append(v.Similar, hex.EncodeToString(id[:]))
	}
	v.Collections = slices.Concat(info.Collections, t.Collections)
	for _, f := range info.Entries {
		e := fileJSON{
			Path: f.Path, Length: f.Length, Offset: f.Offset,
			Pad: f.Pad, Executable: f.Executable, Hidden: f.Hidden, Symlink: f.Symlink,
			MD5: f.MD5, SHA1: hex.EncodeToString([]byte(f.SHA1)),
		}
		if f.PiecesRoot != ([32]byte{}) {
			e.PiecesRoot = hex.EncodeToString(f.PiecesRoot[:])
		}
		v.Files = append(v.Files, e)
	}
	return v
}

// Run shows the torrents.
func (cmd inspectCommand) Run(ctx context.Context, c *console) error {
	for i, name := range cmd.Torrent {
		if err := ctx.Err(); err != nil {
			return err
		}
		if i > 0 {
			c.say("")
		}
		if strings.HasPrefix(strings.ToLower(name), "magnet:") {
			m, err := metainfo.ParseMagnet(name)
			if err != nil {
				return advised{err, "Check that you copied the whole link, and put it in quotes."}
			}
			showMagnet(c, m)
			continue
		}
		t, err := readTorrent(ctx, c, name)
		if err != nil {
			return err
		}
		v := describeTorrent(t)
		c.emit(v)
		v.show(c)
	}
	return nil
}

// show prints the torrent for people.
func (v torrentJSON) show(c *console) {
	line := func(what, format string, args ...any) {
		c.say("  %-12s %s", what, terminal.Sanitize(fmt.Sprintf(format, args...)))
	}
	text := func(what, s string) {
		if s != "" {
			line(what, "%s", s)
		}
	}
	c.say("%s", terminal.Sanitize(v.Name))
	line("format", "%s", v.Format)
	for _, h := range v.hashes() {
		line(h.what, "%s", h.hash)
	}
	real := 0
	for _, f := range v.Files {
		if !f.Pad {
			real++
		}
	}
	line("content", "%s in %s (%s bytes)", quantity.Size(v.Length), quantity.Count(real, "file"), quantity.Number(v.Length))
	line("pieces", "%s of %s", quantity.Number(int64(v.Pieces)), quantity.ExactSize(v.PieceLength))
	if v.Private {
		line("private", "yes: peers come only from the trackers")
	}
	text("source", v.Source)
	text("comment", v.Comment)
	text("created by", v.CreatedBy)
	if v.CreationDate != nil {
		line("created", "%s", v.CreationDate.Format("2006-01-02 15:04:05 MST"))
	}
	text("encoding", v.Encoding)
	for i, tier := range v.Trackers {
		line(fmt.Sprintf("tier %d", i+1), "%s", strings.Join(tier, "  "))
	}
	for _, list := range []struct {
		what  string
		texts []string
	}{{"web seed", v.WebSeeds}, {"http seed", v.HTTPSeeds}, {"node", v.Nodes}, {"similar", v.Similar}, {"collection", v.Collections}} {
		for _, s := range list.texts {
			line(list.what, "%s", s)
		}
	}
	line("magnet", "%s", v.Magnet)
	c.say("  files")
	for _, f := range v.Files {
		if f.Pad {
			continue
		}
		c.say("  %12s  %s", quantity.Size(f.Length), terminal.Sanitize(f.Path)+f.marks())
	}
}

// marks returns what is particular about a file.
func (f fileJSON) marks() string {
	marks := ""
	if f.Symlink != "" {
		marks += " -> " + terminal.Sanitize(f.Symlink)
	}
	if f.Executable {
		marks += " (executable)"
	}
	if f.Hidden {
		marks += " (hidden)"
	}
	return marks
}

// magnetJSON is the JSON object of a magnet link.
type magnetJSON struct {
	identity
	Length   int64    `json:"length,omitempty"` // in bytes
	Trackers []string `json:"trackers,omitempty"`
	WebSeeds []string `json:"webSeeds,omitempty"`
	Sources  []string `json:"sources,omitempty"`
	Peers    []string `json:"peers,omitempty"`
	Keywords []string `json:"keywords,omitempty"`
}

func showMagnet(c *console, m *metainfo.Magnet) {
	v := magnetJSON{
		identity: identity{Name: m.Name},
		Length:   m.Length, Trackers: m.Trackers, WebSeeds: m.WebSeeds,
		Sources: slices.Concat(m.Sources, m.Acceptable), Peers: m.Peers, Keywords: m.Keywords,
	}
	if m.HashV1 != ([20]byte{}) {
		v.HashV1 = hex.EncodeToString(m.HashV1[:])
	}
	if m.HashV2 != ([32]byte{}) {
		v.HashV2 = hex.EncodeToString(m.HashV2[:])
	}
	c.emit(v)
	c.say("%s", terminal.Sanitize(m.Name))
	for _, h := range v.hashes() {
		c.say("  %-12s %s", h.what, h.hash)
	}
	if m.Length > 0 {
		c.say("  %-12s %s", "content", quantity.Size(m.Length))
	}
	for _, list := range []struct {
		what  string
		texts []string
	}{{"tracker", v.Trackers}, {"web seed", v.WebSeeds}, {"source", v.Sources}, {"peer", v.Peers}, {"keyword", v.Keywords}} {
		for _, s := range list.texts {
			c.say("  %-12s %s", list.what, terminal.Sanitize(s))
		}
	}
}
