package resume

import (
	"crypto/sha256"
	"maps"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/swarm"
)

// version is the version that this program writes. Increase it if the meaning of a
// key changes or if a new key is required. Optional keys need no new version.
const version = 1

// encode returns r as bytes for the disk: a dictionary of the record, which is
// itself a dictionary, and the SHA-256 of the record's bytes. Bencode alone would not
// detect a flipped bit in the set of pieces.
func encode(r Record) []byte {
	b := bencode.AppendDict(nil)
	b = bencode.AppendString(b, "record")
	start := len(b)
	b = appendRecord(b, r)
	sum := sha256.Sum256(b[start:])
	b = bencode.AppendString(b, "sha256")
	b = bencode.AppendBytes(b, sum[:])
	return bencode.AppendEnd(b)
}

// appendRecord appends r as a dictionary. Its keys are sorted, as BEP 3 requires:
// https://www.bittorrent.org/beps/bep_0003.html#bencoding. The key "life" holds the
// Totals; it keeps its name so that old records can be read.
func appendRecord(b []byte, r Record) []byte {
	b = bencode.AppendDict(b)
	b = bencode.AppendString(b, "files")
	b = bencode.AppendList(b)
	for _, f := range r.Files {
		b = appendFile(b, f)
	}
	b = bencode.AppendEnd(b)
	b = appendInt(b, "length", r.Length)
	b = bencode.AppendString(b, "life")
	b = appendTotals(b, r.Totals)
	b = bencode.AppendString(b, "owned")
	b = appendStrings(b, r.Owned)
	if r.Part.Path != "" {
		b = bencode.AppendString(b, "part")
		b = appendPart(b, r.Part)
	}
	b = appendInt(b, "piece length", r.PieceLength)
	b = bencode.AppendString(b, "pieces")
	b = bencode.AppendBytes(b, r.Pieces)
	b = bencode.AppendString(b, "spilled")
	b = bencode.AppendList(b)
	for _, s := range r.Spilled {
		b = appendSpill(b, s)
	}
	b = bencode.AppendEnd(b)
	b = bencode.AppendString(b, "state")
	b = bencode.AppendString(b, r.State.String())
	b = bencode.AppendString(b, "swarms")
	b = bencode.AppendList(b)
	for _, id := range r.Swarms {
		b = bencode.AppendBytes(b, id[:])
	}
	b = bencode.AppendEnd(b)
	b = appendInt(b, "version", version)
	return bencode.AppendEnd(b)
}

func appendFile(b []byte, f File) []byte {
	b = bencode.AppendDict(b)
	b = appendInt(b, "length", f.Length)
	if f.Size != Absent {
		b = appendTime(b, "mtime", f.ModTime)
	}
	b = bencode.AppendString(b, "path")
	b = bencode.AppendString(b, f.Path)
	if f.Size != Absent {
		b = appendInt(b, "size", f.Size)
	}
	return bencode.AppendEnd(b)
}

// appendSpill writes the blocks as a bitfield.
func appendSpill(b []byte, s Spill) []byte {
	set := swarm.NewBitfield(slices.Max(s.Blocks) + 1)
	for _, n := range s.Blocks {
		set.Set(n)
	}
	b = bencode.AppendDict(b)
	b = bencode.AppendString(b, "blocks")
	b = bencode.AppendBytes(b, set)
	b = appendInt(b, "piece", int64(s.Piece))
	return bencode.AppendEnd(b)
}

func appendTotals(b []byte, l Totals) []byte {
	b = bencode.AppendDict(b)
	b = appendInt(b, "active", int64(l.Active))
	b = appendTime(b, "added", l.Added)
	b = appendTime(b, "completed", l.Completed)
	b = appendInt(b, "downloaded", l.Downloaded)
	b = bencode.AppendString(b, "extra")
	b = bencode.AppendDict(b)
	for _, key := range slices.Sorted(maps.Keys(l.Extra)) {
		b = bencode.AppendString(b, key)
		b = bencode.AppendString(b, l.Extra[key])
	}
	b = bencode.AppendEnd(b)
	b = bencode.AppendString(b, "folder")
	b = bencode.AppendString(b, l.Folder)
	if l.Paused {
		b = appendInt(b, "paused", 1)
	}
	b = bencode.AppendString(b, "peers")
	b = bencode.AppendList(b)
	for _, p := range l.Peers {
		if p.IsValid() {
			b = bencode.AppendString(b, p.String())
		}
	}
	b = bencode.AppendEnd(b)
	if !l.Selection.IsZero() {
		b = bencode.AppendString(b, "selection")
		b = appendSelection(b, l.Selection)
	}
	b = bencode.AppendString(b, "source")
	b = bencode.AppendString(b, l.Source)
	if l.Trackers != nil {
		b = bencode.AppendString(b, "trackers")
		b = bencode.AppendList(b)
		for _, tier := range l.Trackers {
			b = appendStrings(b, tier)
		}
		b = bencode.AppendEnd(b)
	}
	b = appendInt(b, "uploaded", l.Uploaded)
	b = appendInt(b, "wasted", l.Wasted)
	return bencode.AppendEnd(b)
}

func appendInt(b []byte, key string, i int64) []byte {
	return bencode.AppendInt(bencode.AppendString(b, key), i)
}

// appendTime writes seconds and nanoseconds separately, because nanoseconds since
// 1970 overflow for the times of some files. It leaves out the zero time.
func appendTime(b []byte, key string, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	b = bencode.AppendString(b, key)
	b = bencode.AppendList(b)
	b = bencode.AppendInt(b, t.Unix())
	b = bencode.AppendInt(b, int64(t.Nanosecond()))
	return bencode.AppendEnd(b)
}

func appendStrings(b []byte, list []string) []byte {
	b = bencode.AppendList(b)
	for _, s := range list {
		b = bencode.AppendString(b, s)
	}
	return bencode.AppendEnd(b)
}
