package connection

import (
	"slices"
	"testing"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// FuzzLine compares a Line with a model that never uses memory again.
func FuzzLine(f *testing.F) {
	f.Add(true, []byte{0x13, 1, 2, 3, 0x80, 0x21, 1, 0xc1, 0x40, 0x12, 4, 5, 0x81})
	f.Add(false, []byte{0x12, 1, 1, 0x21, 1, 0xc0, 0x13, 2, 3, 4, 0x61, 2, 0xc5})
	f.Fuzz(func(t *testing.T, fast bool, data []byte) {
		data = data[:min(len(data), 3000)] // a run of ten seconds counts as one that hangs
		l := Line{Fast: fast, Tally: new(Tally)}
		m := lineModel{fast: fast}
		next := func() byte {
			if len(data) == 0 {
				return 0
			}
			b := data[0]
			data = data[1:]
			return b
		}
		var out []byte
		var blocks []swarm.Block
		for len(data) > 0 {
			op := next()
			if op&0x80 == 0 {
				o := fuzzOutbox(op, next)
				m.deliver(o)
				deliver(&l, o)
				clear(o.Bytes) // it stays the caller's
				clear(o.Serve)
			} else {
				n, size := int(op&7), int(next())*1000
				out, blocks = l.Take(out, blocks, n, size)
				wantOut, wantBlocks := m.take(n, size)
				require.Equal(t, string(wantOut), string(out))
				require.True(t, slices.Equal(wantBlocks, blocks), "took %v, want %v", blocks, wantBlocks)
				l.Tally.Sent(len(blocks))
			}
			require.Equal(t, len(m.out), l.Unsent())
			require.Equal(t, int64(len(m.waiting)), l.Tally.queued.Load())
		}
		deliver(&l, Outbox{Clear: true})
		require.Zero(t, l.Tally.queued.Load())
	})
}

// fuzzOutbox makes an Outbox of few different blocks. The low bits of op say how many
// blocks it serves and cancels.
func fuzzOutbox(op byte, next func() byte) (o Outbox) {
	block := func() swarm.Block {
		b := next()
		return swarm.Block{Piece: int(b % 2), Begin: int(b/2%4) * swarm.BlockLen, Length: swarm.BlockLen - int(b/8%2)}
	}
	for range op & 3 {
		o.Serve = append(o.Serve, block())
	}
	for range op >> 2 & 3 {
		o.Cancel = append(o.Cancel, block())
	}
	if op&0x10 != 0 {
		o.Bytes = peerwire.Message{Kind: peerwire.Have, Piece: int(op)}.AppendTo(nil)
	}
	o.Clear = op&0x60 == 0x60
	return o
}

// A lineModel is what a Line should do.
type lineModel struct {
	fast    bool
	out     []byte
	waiting []swarm.Block
}

func (m *lineModel) deliver(o Outbox) {
	m.out = slices.Concat(m.out, o.Bytes)
	withdrawn := o.Cancel
	if o.Clear {
		withdrawn = slices.Concat(m.waiting, o.Cancel)
	}
	for _, b := range withdrawn {
		i := slices.Index(m.waiting, b)
		if i < 0 {
			continue
		}
		m.waiting = slices.Concat(m.waiting[:i], m.waiting[i+1:])
		if m.fast {
			reject := peerwire.Message{Kind: peerwire.Reject, Block: b}
			m.out = slices.Concat(m.out, reject.AppendTo(nil))
		}
	}
	m.waiting = slices.Concat(m.waiting, o.Serve)
}

func (m *lineModel) take(n, size int) (out []byte, blocks []swarm.Block) {
	for len(blocks) < n && len(m.waiting) > 0 {
		b := m.waiting[0]
		size -= peerwire.PieceHeaderLen + b.Length
		if len(blocks) > 0 && size < 0 {
			break
		}
		blocks = append(blocks, b)
		m.waiting = m.waiting[1:]
	}
	out, m.out = m.out, nil
	return out, blocks
}
