package metainfo

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"math/bits"
	"strings"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/metainfo/internal/layout"
	"github.com/shoal-bt/shoal/piecehash"
	"github.com/shoal-bt/shoal/swarm"
)

// ParseInfo reads an info dictionary alone, as peers send it (BEP 9). A caller who
// wants that of one hash must compare HashV1 or HashV2 with it. ParseInfo keeps a copy
// of raw. An error is an *InvalidError.
// https://www.bittorrent.org/beps/bep_0009.html
func ParseInfo(raw []byte) (*Info, error) { return Options{}.ParseInfo(raw) }

// ParseInfo is like the function ParseInfo, with the limits of o.
func (o Options) ParseInfo(raw []byte) (*Info, error) {
	if limit := o.maxBytes(); int64(len(raw)) > limit {
		return nil, &InvalidError{fmt.Errorf("info: %d bytes, more than %d", len(raw), limit)}
	}
	raw = bytes.Clone(raw)
	v, err := bencode.Scan(raw, bencode.Options{Lenient: true})
	if err != nil {
		return nil, &InvalidError{fmt.Errorf("info: %w", err)}
	}
	i, err := o.info(v, "")
	if err != nil {
		return nil, &InvalidError{fmt.Errorf("info: %w", err)}
	}
	return i, nil
}

// info reads an info dictionary that was scanned leniently, with names in an encoding.
// The Info keeps the bytes of v.
func (o Options) info(v bencode.Value, encoding string) (*Info, error) {
	if v.Kind() != bencode.Dict {
		return nil, &bencode.TypeError{Want: bencode.Dict, Got: v.Kind()}
	}
	// The version comes first, so that the error for a later version says so.
	// BEP 52, "meta version": https://www.bittorrent.org/beps/bep_0052.html
	var warn warnings
	_, v1 := v.Get("pieces")
	version, err := optional(v.GetInt("meta version"))
	if err != nil {
		if !v1 {
			return nil, err
		}
		warn.add("meta version", "%v; the torrent is read as v1", err)
	}
	if version != 0 && version != 1 && version != 2 {
		return nil, fmt.Errorf("meta version %d is not supported", version)
	}
	v2 := version == 2
	v1 = v1 || !v2
	i := &Info{Raw: v.Raw(), v1: v1, v2: v2}
	if v2 {
		// Some v1 torrents have keys out of order; they work, because the hash
		// is that of the bytes. v2 was strict from the start.
		if _, err := bencode.Scan(i.Raw, bencode.Options{}); err != nil {
			return nil, err
		}
		i.HashV2 = sha256.Sum256(i.Raw)
	}
	if v1 {
		i.HashV1 = sha1.Sum(i.Raw)
	}
	name, err := readName(v, &warn)
	if err != nil {
		return nil, err
	}
	if err := i.readPieceLength(v); err != nil {
		return nil, err
	}
	files, err := o.readFiles(i, v, name, &warn)
	if err != nil {
		return nil, err
	}
	if err := i.layOut(name, files, encoding); err != nil {
		return nil, err
	}
	if i.hashes, err = newHashStore(i.Entries, i.PieceLength); err != nil {
		return nil, err
	}
	if v1 {
		if err := i.readPieces(v); err != nil {
			return nil, err
		}
	}
	i.readOptional(v, &warn)
	i.Warnings = warn
	return i, nil
}

// A torrentName is the name that a torrent has.
type torrentName struct {
	text string
	utf8 bool // it is from a key that says so
}

// readName reads the name. BEP 3 calls it advisory, so it may be empty.
func readName(v bencode.Value, w *warnings) (torrentName, error) {
	name, err := v.GetText("name.utf-8")
	if err == nil && name != "" {
		return torrentName{name, true}, nil
	}
	if name, err = v.GetText("name"); err != nil {
		return torrentName{}, err
	}
	switch {
	case name == "":
		w.add("name", "it is empty; the torrent is named by its info hash")
	case strings.Trim(name, "\x00") == "":
		return torrentName{}, errors.New("name has only zero bytes")
	}
	return torrentName{name, false}, nil
}

func (i *Info) readPieceLength(v bencode.Value) error {
	n, err := v.GetInt("piece length")
	switch {
	case err != nil:
		return err
	case n <= 0:
		return fmt.Errorf("piece length %d is not positive", n)
	case n > layout.MaxPieceLength:
		return fmt.Errorf("piece length %d is more than %d", n, layout.MaxPieceLength)
	case i.v2 && (n < piecehash.BlockLen || bits.OnesCount64(uint64(n)) != 1):
		return fmt.Errorf("piece length %d is not a power of two of at least %d", n, piecehash.BlockLen)
	}
	i.PieceLength = n
	return nil
}

// readFiles returns all files in order, pads included, and checks their number
// and lengths.
func (o Options) readFiles(i *Info, v bencode.Value, name torrentName, w *warnings) (files []rawFile, err error) {
	var tree []rawFile
	if i.v1 {
		if files, i.Single, err = fileList(v, name, w); err != nil {
			return nil, err
		}
		if err := o.checkLengths(files, i.PieceLength); err != nil {
			return nil, err
		}
	}
	if i.v2 {
		var single bool
		if tree, single, err = fileTree(v, name.text, w); err != nil {
			return nil, err
		}
		if err := o.checkLengths(tree, i.PieceLength); err != nil {
			return nil, err
		}
		if !i.v1 {
			i.Single = single
			files = withPads(tree, i.PieceLength, 0)
		} else if files, err = mergeFiles(files, tree, i.PieceLength); err != nil {
			return nil, err
		}
	}
	if len(files) == 0 {
		return nil, errors.New("there are no files")
	}
	return files, o.checkLengths(files, i.PieceLength)
}

// checkLengths returns an error if there are more bytes than pieces may hold. So no
// later sum can overflow.
func (o Options) checkLengths(files []rawFile, pieceLength int64) error {
	left := o.maxPieces() * pieceLength
	for n := range files {
		if files[n].length > left {
			return fmt.Errorf("file %d: too many pieces: more than %d of %d bytes", n, o.maxPieces(), pieceLength)
		}
		left -= files[n].length
	}
	return nil
}

// readPieces reads the v1 hashes and checks that there is one for each piece.
func (i *Info) readPieces(v bencode.Value) error {
	pieces, err := v.GetBytes("pieces")
	if err != nil {
		return err
	}
	if len(pieces)%20 != 0 {
		return fmt.Errorf("pieces has %d bytes, not a multiple of 20", len(pieces))
	}
	if len(pieces)/20 != i.Pieces() {
		return fmt.Errorf("pieces has %d hashes, want %d", len(pieces)/20, i.Pieces())
	}
	i.pieces = pieces
	return nil
}

// readOptional reads what a torrent may lack. It leaves out what is malformed.
func (i *Info) readOptional(v bencode.Value, w *warnings) {
	i.Source = readText(v, "source", w)
	if p, ok := v.Get("private"); ok {
		n, err := p.Int()
		s, err2 := p.Text() // some programs write a string
		if err != nil && err2 != nil {
			w.add("private", "%v; it is ignored", err)
		}
		i.Private = n != 0 || s == "1"
	}
	i.Similar, i.Collections = readSimilar(v, w)
}

// readSimilar reads the hints of BEP 38, which may be inside and outside of the info
// dictionary.
// https://www.bittorrent.org/beps/bep_0038.html
func readSimilar(v bencode.Value, w *warnings) (similar []swarm.ID, collections []string) {
	for e := range listOf(v, "similar", w) {
		b, err := e.Bytes()
		switch {
		case err != nil:
			w.add("similar", "%v; it is left out", err)
		case len(b) != 20:
			w.add("similar", "an info hash has %d bytes, want 20; it is left out", len(b))
		default:
			similar = append(similar, swarm.ID(b))
		}
	}
	for e := range listOf(v, "collections", w) {
		s, err := e.Text()
		if err != nil {
			w.add("collections", "%v; it is left out", err)
			continue
		}
		collections = append(collections, s)
	}
	return similar, collections
}

// listOf yields the elements of the list of a key.
func listOf(v bencode.Value, key string, w *warnings) iter.Seq[bencode.Value] {
	list, err := optional(v.GetList(key))
	if err != nil {
		w.add(key, "%v; it is left out", err)
	}
	return list.List()
}
