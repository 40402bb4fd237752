package pieces

import (
	"testing"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func TestLater(t *testing.T) {
	const n = 11
	bits := func(pieces ...int) []byte {
		b := swarm.NewBitfield(n)
		for _, i := range pieces {
			b.Set(i)
		}
		return b
	}
	all := swarm.NewBitfield(n)
	all.SetAll(n)
	for _, c := range []struct {
		what  string
		had   []byte
		kind  peerwire.Kind
		data  []byte
		has   []byte // nil for no change
		units int
		fails bool
	}{
		{"more pieces", bits(1), peerwire.Bitfield, bits(1, 9), bits(1, 9), 0, false},
		{"the same", bits(1), peerwire.Bitfield, bits(1), nil, 1, false},
		{"fewer", bits(1, 9), peerwire.Bitfield, bits(9), nil, 0, true},
		{"others", bits(1), peerwire.Bitfield, bits(2, 3), nil, 0, true},
		{"all", bits(1), peerwire.HaveAll, nil, all, 0, false},
		{"all again", all, peerwire.HaveAll, nil, nil, 1, false},
		{"none again", bits(), peerwire.HaveNone, nil, nil, 1, false},
		{"none of some", bits(1), peerwire.HaveNone, nil, nil, 0, true},
	} {
		var s Set
		s.Assign(swarm.Bitfield(c.had).Clone(), n)
		has, units, err := s.Later(peerwire.Message{Kind: c.kind, Data: c.data}, n)
		require.Equal(t, swarm.Bitfield(c.has), has, c.what)
		require.Equal(t, c.units, units, c.what)
		require.Equal(t, c.fails, err != nil, c.what)
		require.Equal(t, swarm.Bitfield(c.had), s.Bitfield(n), c.what)
	}
}
