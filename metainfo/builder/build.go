package builder

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"path"
	"unicode/utf8"

	"github.com/shoal-bt/shoal/metainfo"
	"github.com/shoal-bt/shoal/metainfo/internal/layout"
)

// build hashes inputs and makes the torrent.
func (o Options) build(ctx context.Context, inputs []input, single bool, base string) (*metainfo.Torrent, error) {
	name := cmp.Or(o.Name, base)
	if !validName(name) {
		return nil, fmt.Errorf("%q cannot be the name of a torrent: it must be one component of a path, in UTF-8", name)
	}
	if single {
		inputs[0].path = []string{name}
	}
	t, err := o.torrent()
	if err != nil {
		return nil, err
	}
	p, err := o.plan(inputs, single, name)
	if err != nil {
		return nil, err
	}
	if err := o.hash(ctx, p); err != nil {
		return nil, err
	}
	if err := checkUnchanged(ctx, inputs); err != nil {
		return nil, err
	}
	if t.Info, err = p.info(); err != nil {
		return nil, err
	}
	if err := p.setLayers(t.Info); err != nil {
		return nil, err
	}
	t.BuiltFrom = p.onDisk()
	return t, nil
}

func validName(name string) bool {
	return utf8.ValidString(name) && name != "" && name != "." && name != ".." && name == path.Base(name)
}

// plan chooses the piece length and lays inputs out.
func (o Options) plan(inputs []input, single bool, name string) (*plan, error) {
	if o.Format > metainfo.Hybrid {
		return nil, fmt.Errorf("%v is not known", o.Format)
	}
	total, err := totalLength(inputs)
	if err != nil {
		return nil, err
	}
	pieceLength := o.PieceLength
	if pieceLength == 0 {
		pieceLength = o.Policy.PieceLength(total, o.Format)
	}
	if err := checkPieceLength(pieceLength); err != nil {
		return nil, err
	}
	p := &plan{
		options:     o,
		name:        name,
		single:      single,
		pieceLength: pieceLength,
		v1:          hasV1(o.Format),
		v2:          hasV2(o.Format),
		total:       total,
	}
	for n := range inputs {
		in := &inputs[n]
		if p.v1 && layout.IsPadName(in.path) {
			return nil, fmt.Errorf("%s: clients take a file of this name for padding; rename it", in.onDisk)
		}
		p.files = append(p.files, file{path: in.path, length: in.length, input: in})
	}
	if p.v2 {
		pads := newPads(inputs)
		p.files = layout.WithPads(p.files, func(f *file) int64 { return f.length }, pads.next, pieceLength, 0)
	}
	return p, p.layOut()
}

// totalLength adds up the lengths of inputs, in bytes.
func totalLength(inputs []input) (total int64, err error) {
	for n := range inputs {
		// Half the range leaves room for pads.
		if inputs[n].length > math.MaxInt64/2-total {
			return 0, errors.New("the files are too long")
		}
		total += inputs[n].length
	}
	return total, nil
}
