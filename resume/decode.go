package resume

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/swarm"
)

// maxBlocks bounds the blocks of a piece; a piece of 16 GiB has that many.
const maxBlocks = 1 << 20

// errVersion is the error of decode for a record of a newer program.
type errVersion int64

func (e errVersion) Error() string { return fmt.Sprintf("version %d", int64(e)) }

// decode reads a record that encode wrote and refuses anything else.
func decode(b []byte) (Record, error) {
	top, err := bencode.Scan(b, bencode.Options{MaxDepth: 8, MaxTokens: -1})
	if err != nil {
		return Record{}, err
	}
	v, err := top.GetDict("record")
	if err != nil {
		return Record{}, err
	}
	sum, err := top.GetText("sha256")
	if err != nil {
		return Record{}, err
	}
	if want := sha256.Sum256(v.Raw()); sum != string(want[:]) {
		return Record{}, errors.New("its checksum does not match")
	}
	known, err := v.GetInt("version")
	if err != nil {
		return Record{}, err
	}
	if known > version {
		return Record{}, errVersion(known)
	}
	r := Record{}
	d := decoder{dict: v}
	r.Length = d.int("length")
	r.PieceLength = d.int("piece length")
	r.Pieces = swarm.Bitfield(d.text("pieces"))
	switch s := d.text("state"); s {
	case Open.String():
		r.State = Open
	case Clean.String():
		r.State = Clean
	default:
		d.fail(fmt.Errorf("unknown state %q", s))
	}
	for _, id := range d.texts("swarms") {
		if len(id) != len(swarm.ID{}) {
			d.fail(fmt.Errorf("a swarm's ID has %d bytes, want 20", len(id)))
			break
		}
		r.Swarms = append(r.Swarms, swarm.ID([]byte(id)))
	}
	r.Owned = d.texts("owned")
	for item := range d.list("files").List() {
		r.Files = append(r.Files, d.file(item))
	}
	r.Part = part(v, len(r.Files))
	for item := range d.list("spilled").List() {
		r.Spilled = append(r.Spilled, d.spill(item))
	}
	r.Totals = d.totals(d.get("life"))
	if d.err != nil {
		return Record{}, d.err
	}
	return r, r.validate()
}

// A decoder reads the keys of one dictionary and keeps the first error.
type decoder struct {
	dict bencode.Value
	err  error
}

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

// required passes v on and records err, the error of looking up its key.
func required[T any](d *decoder, v T, err error) T {
	if err != nil {
		d.fail(err)
	}
	return v
}

// optional is like required, but a missing key is not an error.
func optional[T any](d *decoder, v T, err error) T {
	if err != nil && !bencode.IsMissing(err) {
		d.fail(err)
	}
	return v
}

func (d *decoder) int(key string) int64 {
	n, err := d.dict.GetInt(key)
	return required(d, n, err)
}

func (d *decoder) text(key string) string {
	s, err := d.dict.GetText(key)
	return required(d, s, err)
}

func (d *decoder) list(key string) bencode.Value {
	v, err := d.dict.GetList(key)
	return required(d, v, err)
}

func (d *decoder) get(key string) bencode.Value {
	v, err := d.dict.GetDict(key)
	return required(d, v, err)
}

func (d *decoder) texts(key string) []string { return d.strings(d.list(key)) }

func (d *decoder) strings(v bencode.Value) []string {
	k := v.Kind()
	if k != bencode.List && d.err == nil {
		d.fail(&bencode.TypeError{Want: bencode.List, Got: k})
	}
	var list []string
	for item := range v.List() {
		s, err := item.Text()
		list = append(list, required(d, s, err))
	}
	return list
}

func (d *decoder) time(key string) time.Time {
	v, err := d.dict.GetList(key)
	v = optional(d, v, err)
	if v.Kind() != bencode.List {
		return time.Time{}
	}
	var numbers []int64 // seconds and nanoseconds
	for item := range v.List() {
		n, err := item.Int()
		numbers = append(numbers, required(d, n, err))
	}
	if len(numbers) != 2 {
		d.fail(fmt.Errorf("key %q is not a time", key))
		return time.Time{}
	}
	return time.Unix(numbers[0], numbers[1])
}

func (d *decoder) file(v bencode.Value) File {
	e := decoder{dict: v}
	f := File{Path: e.text("path"), Length: e.int("length"), Size: Absent, ModTime: e.time("mtime")}
	if size, err := v.GetInt("size"); err == nil {
		f.Size = size
	} else {
		optional(&e, size, err)
	}
	required(d, 0, e.err)
	return f
}

func (d *decoder) spill(v bencode.Value) Spill {
	e := decoder{dict: v}
	piece, blocks := e.int("piece"), swarm.Bitfield(e.text("blocks"))
	s := Spill{Piece: int(min(max(piece, -1), maxPieces))}
	if len(blocks) > maxBlocks/8 {
		d.fail(errors.New("a spilled piece has too many blocks"))
		return s
	}
	for i := range 8 * len(blocks) {
		if blocks.Has(i) {
			s.Blocks = append(s.Blocks, i)
		}
	}
	required(d, 0, e.err)
	return s
}

func (d *decoder) totals(v bencode.Value) Totals {
	e := decoder{dict: v}
	l := Totals{
		Active:     time.Duration(e.int("active")),
		Added:      e.time("added"),
		Completed:  e.time("completed"),
		Downloaded: e.int("downloaded"),
		Folder:     e.text("folder"),
		Selection:  selection(v),
		Source:     e.text("source"),
		Uploaded:   e.int("uploaded"),
		Wasted:     e.int("wasted"),
	}
	paused, err := v.GetInt("paused")
	l.Paused = optional(&e, paused, err) != 0
	for key, item := range e.get("extra").Dict() {
		if l.Extra == nil {
			l.Extra = make(map[string]string)
		}
		s, err := item.Text()
		l.Extra[string(key)] = required(&e, s, err)
	}
	for _, s := range e.texts("peers") {
		p, err := netip.ParseAddrPort(s)
		l.Peers = append(l.Peers, required(&e, p, err))
	}
	tiers, err := v.GetList("trackers")
	if optional(&e, tiers, err).Kind() == bencode.List {
		l.Trackers = [][]string{}
		for tier := range tiers.List() {
			l.Trackers = append(l.Trackers, e.strings(tier))
		}
	}
	required(d, 0, e.err)
	return l
}
