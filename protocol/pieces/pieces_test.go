package pieces

import (
	"net/netip"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// newTable returns a Table with one piece in progress for each layout, which has a
// letter for each block: m in memory, s in the Storage, p all pad, a dot if it is
// missing. All layouts have the same length. A piece whose layout is empty is not in
// progress.
func newTable(t *testing.T, layouts ...string) *Table {
	blocks := 0
	for _, layout := range layouts {
		blocks = max(blocks, len(layout))
	}
	pieceLen := int64(blocks) * swarm.BlockLen
	geo := &swarm.Geometry{PieceLength: pieceLen, Length: pieceLen * int64(len(layouts))}
	for i, layout := range layouts {
		for k, c := range layout {
			if c == 'p' {
				offset := int64(i)*pieceLen + int64(k)*swarm.BlockLen
				geo.Pads = append(geo.Pads, swarm.Span{Offset: offset, Length: swarm.BlockLen})
			}
		}
	}
	table := New(geo)
	for i, layout := range layouts {
		if layout == "" {
			continue
		}
		require.Len(t, layout, blocks)
		a := table.Begin(i, uint64(i+1))
		for k, c := range layout {
			switch c {
			case 'm':
				a.Add(nil, geo.Block(i, k), newBuf())
			case 's':
				a.AddStored(k)
			}
		}
	}
	return &table
}

// newAssemblyOf returns the assembly of one layout.
func newAssemblyOf(t *testing.T, layout string) *Assembly { return newTable(t, layout).Get(0) }

func newBuf() []byte { return make([]byte, swarm.BlockLen) }

// newSender returns a sender with the address 10.0.0.n.
func newSender(n int) *Sender {
	addr := netip.AddrFrom4([4]byte{10, 0, 0, byte(n)})
	return &Sender{Peer: swarm.Peer(n), Addr: netip.AddrPortFrom(addr, 6881)}
}

// layoutOf returns the layout of an assembly.
func layoutOf(a *Assembly) string {
	var layout []byte
	for k := range a.Blocks() {
		c := byte('.')
		switch {
		case a.bufs[k] != nil:
			c = 'm'
		case a.Arrived(k):
			c = 's'
		case a.geo.IsPad(a.geo.Block(a.Piece, k)):
			c = 'p'
		}
		layout = append(layout, c)
	}
	return string(layout)
}
