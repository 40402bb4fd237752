// Package description says what is in torrents and magnet links, for people and for
// programs.
package description

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/cmd/shoal/internal/quantity"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/selection"
	"github.com/shoal-bt/shoal/cmd/shoal/internal/terminal"
	"github.com/shoal-bt/shoal/metainfo"
)

// An Identity is what names a torrent.
type Identity struct {
	Name   string `json:"name"`
	Format string `json:"format,omitempty"` // "v1", "v2" or "hybrid"
	HashV1 string `json:"infoHash,omitempty"`
	HashV2 string `json:"infoHashV2,omitempty"`
}

// Identify returns the Identity of a torrent.
func Identify(info *metainfo.Info) Identity {
	id := Identity{Name: info.Name, Format: metainfo.V1.String()}
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

// A NamedHash is an info hash and what to call it.
type NamedHash struct{ Name, Hash string }

// Hashes returns the info hashes with what to call them.
func (id Identity) Hashes() (all []NamedHash) {
	if id.HashV1 != "" {
		all = append(all, NamedHash{"info hash", id.HashV1})
	}
	if id.HashV2 != "" {
		all = append(all, NamedHash{"v2 hash", id.HashV2})
	}
	return all
}

// A Torrent is the JSON object of a torrent.
type Torrent struct {
	Identity
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
	Warnings     []string   `json:"warnings,omitempty"` // about parts that are malformed
	Files        []File     `json:"files"`
}

// A File is a file of a Torrent.
type File struct {
	Index      int    `json:"index"`            // from 0, pads counted, as a link's so= has it
	Number     int    `json:"number,omitempty"` // from 1, without pads, for --select
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

// OfTorrent gathers what is known of a torrent.
func OfTorrent(t *metainfo.Torrent) Torrent {
	info := t.Info
	v := Torrent{
		Identity: Identify(info),
		Length:   info.ContentLength(), PieceLength: info.PieceLength, Pieces: info.Pieces(),
		Private: info.Private, Source: info.Source,
		Comment: t.Comment, CreatedBy: t.CreatedBy, Encoding: t.Encoding,
		Trackers: t.Tiers, WebSeeds: t.WebSeeds, HTTPSeeds: t.HTTPSeeds, Nodes: t.Nodes,
		Magnet:   t.Magnet().String(),
		Warnings: textsOf(t.Warnings),
		Files:    []File{},
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
	numbers := make(map[int]int)
	for _, f := range selection.Files(info) {
		numbers[f.Index] = f.Number
	}
	for i, f := range info.Entries {
		e := File{
			Index:      i,
			Number:     numbers[i],
			Path:       f.Path,
			Length:     f.Length,
			Offset:     f.Offset,
			Pad:        f.Pad,
			Executable: f.Executable,
			Hidden:     f.Hidden,
			Symlink:    f.Symlink,
			MD5:        f.MD5,
			SHA1:       hex.EncodeToString([]byte(f.SHA1)),
		}
		if f.PiecesRoot != ([32]byte{}) {
			e.PiecesRoot = hex.EncodeToString(f.PiecesRoot[:])
		}
		v.Files = append(v.Files, e)
	}
	return v
}

// textsOf returns warnings as text.
func textsOf(warnings []metainfo.Warning) (texts []string) {
	for _, w := range warnings {
		texts = append(texts, w.String())
	}
	return texts
}

// Show prints the torrent for people, line by line.
func (v Torrent) Show(say func(format string, args ...any)) {
	line := func(what, format string, args ...any) {
		say("  %-12s %s", what, terminal.Sanitize(fmt.Sprintf(format, args...)))
	}
	text := func(what, s string) {
		if s != "" {
			line(what, "%s", s)
		}
	}
	say("%s", terminal.Sanitize(v.Name))
	line("format", "%s", v.Format)
	for _, h := range v.Hashes() {
		line(h.Name, "%s", h.Hash)
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
	}{{"web seed", v.WebSeeds}, {"http seed", v.HTTPSeeds}, {"node", v.Nodes}, {"similar", v.Similar}, {"collection", v.Collections}, {"warning", v.Warnings}} {
		for _, s := range list.texts {
			line(list.what, "%s", s)
		}
	}
	line("magnet", "%s", v.Magnet)
	say("  files")
	for _, f := range v.Files {
		if f.Pad {
			continue
		}
		say("  %12s  %s", quantity.Size(f.Length), terminal.Sanitize(f.Path)+f.marks())
	}
}

// ShowFiles prints the files alone, with their numbers, which --select takes.
func (v Torrent) ShowFiles(say func(format string, args ...any)) {
	say("%s", terminal.Sanitize(v.Name))
	for _, f := range v.Files {
		if !f.Pad {
			say("%s", selection.Line(selection.File{Index: f.Index, Number: f.Number, Path: f.Path, Length: f.Length})+f.marks())
		}
	}
}

// marks returns what is particular about a file.
func (f File) marks() string {
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

// A Magnet is the JSON object of a magnet link.
type Magnet struct {
	Identity
	Key      string   `json:"key,omitempty"`    // public key, 64 hexadecimal digits
	Salt     string   `json:"salt,omitempty"`   // hexadecimal
	Length   int64    `json:"length,omitempty"` // in bytes
	Trackers []string `json:"trackers,omitempty"`
	WebSeeds []string `json:"webSeeds,omitempty"`
	Sources  []string `json:"sources,omitempty"`
	Peers    []string `json:"peers,omitempty"`
	Keywords []string `json:"keywords,omitempty"`
	Select   []string `json:"select,omitempty"`   // indices of files, from 0, and ranges of them
	Warnings []string `json:"warnings,omitempty"` // about parameters that are malformed
}

// OfMagnet gathers what a magnet link says.
func OfMagnet(m *metainfo.Magnet) Magnet {
	v := Magnet{
		Identity: Identity{Name: m.Name},
		Length:   m.Length, Trackers: m.Trackers, WebSeeds: m.WebSeeds,
		Sources: slices.Concat(m.Sources, m.Acceptable), Peers: m.Peers, Keywords: m.Keywords,
		Warnings: textsOf(m.Warnings),
	}
	for _, r := range m.Select {
		text := strconv.Itoa(r.First)
		if r.Last != r.First {
			text += "-" + strconv.Itoa(r.Last)
		}
		v.Select = append(v.Select, text)
	}
	if m.HashV1 != ([20]byte{}) {
		v.HashV1 = hex.EncodeToString(m.HashV1[:])
	}
	if m.HashV2 != ([32]byte{}) {
		v.HashV2 = hex.EncodeToString(m.HashV2[:])
	}
	if m.HasKey() {
		v.Key, v.Salt = hex.EncodeToString(m.PublicKey[:]), hex.EncodeToString(m.Salt)
	}
	return v
}

// Show prints the link for people, line by line.
func (v Magnet) Show(say func(format string, args ...any)) {
	say("%s", terminal.Sanitize(v.Name))
	for _, h := range v.Hashes() {
		say("  %-12s %s", h.Name, h.Hash)
	}
	if v.Key != "" {
		say("  %-12s %s", "key", v.Key)
	}
	if v.Salt != "" {
		say("  %-12s %s", "salt (hex)", v.Salt)
	}
	if v.Length > 0 {
		say("  %-12s %s", "content", quantity.Size(v.Length))
	}
	if len(v.Select) > 0 {
		say("  %-12s %s (files to download, counted from 0)", "select", strings.Join(v.Select, ", "))
	}
	for _, list := range []struct {
		what  string
		texts []string
	}{{"tracker", v.Trackers}, {"web seed", v.WebSeeds}, {"source", v.Sources}, {"peer", v.Peers}, {"keyword", v.Keywords}, {"warning", v.Warnings}} {
		for _, s := range list.texts {
			say("  %-12s %s", list.what, terminal.Sanitize(s))
		}
	}
}
