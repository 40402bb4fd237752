package pieces

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// wrongPiece returns an assembly whose blocks the senders sent, nil for nobody.
func wrongPiece(t *testing.T, senders ...*Sender) *Assembly {
	layout := make([]byte, len(senders))
	for k := range layout {
		layout[k] = '.'
	}
	a := newAssemblyOf(t, string(layout))
	for k, p := range senders {
		if p != nil {
			a.Add(p, a.geo.Block(0, k), newBuf())
		} else {
			a.AddStored(k)
		}
	}
	return a
}

func TestLiarsSentBlocksThatDiffer(t *testing.T) {
	honest, liar, third := newSender(1), newSender(2), newSender(3)
	var e Evidence
	require.Empty(t, e.Liars([]uint64{1, 2, 3}))
	require.True(t, e.Record(wrongPiece(t, honest, liar, honest), []uint64{1, 99, 3}))
	e.Record(wrongPiece(t, nil, third, liar), []uint64{98, 2, 97})
	require.Equal(t, []*Sender{liar, liar}, e.Liars([]uint64{1, 2, 3}), "nobody sent block 0 of the second version")
	require.Equal(t, []*Sender{honest, liar, honest, third, liar}, e.Senders())
	require.Equal(t, []*Sender{liar}, e.Liars([]uint64{1, 2}), "nothing is known about the last block")
	require.Empty(t, e.Liars(nil))
}

func TestRecordNeedsASumForEachBlock(t *testing.T) {
	for _, sums := range [][]uint64{nil, {1}, {1, 2, 3}} {
		var e Evidence
		require.False(t, e.Record(wrongPiece(t, newSender(1), newSender(2)), sums), "%v", sums)
		require.Empty(t, e.Senders())
	}
}

func TestEvidenceIsBounded(t *testing.T) {
	var e Evidence
	var all []*Sender
	for i := range 20 {
		p := newSender(i)
		all = append(all, p)
		require.Equal(t, i < 8, e.Record(wrongPiece(t, p), []uint64{uint64(100 + i)}))
	}
	require.True(t, e.Suspects(all[7].Addr.Addr()))
	require.False(t, e.Suspects(all[8].Addr.Addr()))
	require.Equal(t, all[:8], e.Senders(), "the first eight versions")
	require.Equal(t, all[:8], e.Liars([]uint64{1}))
}

// A block that is recorded stays recorded when the connection and the piece are gone.
func TestEvidenceOutlivesTheAssembly(t *testing.T) {
	liar := newSender(1)
	a := wrongPiece(t, liar, newSender(2))
	var e Evidence
	e.Record(a, []uint64{9, 2})
	a.Remove([]int{0, 1})
	require.Equal(t, []*Sender{liar}, e.Liars([]uint64{1, 2}))
}
