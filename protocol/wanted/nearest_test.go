package wanted

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/protocol/standin"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// However deadlines come and go, it is known whether one is before a time, and what is kept for
// that does not grow with the number of changes.
func TestAnyNeededBefore(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	n := geo.Pieces()
	held := swarm.NewBitfield(n)
	w := New(geo, nil, held)
	require.False(t, w.AnyNeededBefore(time.Unix(1e9, 0)))
	var none *Pieces
	require.False(t, none.AnyNeededBefore(time.Unix(1e9, 0)))
	require.False(t, none.HasDeadline(0) || none.NeededBefore(0, time.Unix(1e9, 0)))
	for range 5000 {
		piece := r.IntN(n)
		d := Deadline{Piece: piece, At: time.Unix(int64(r.IntN(50)+1), 0)}
		switch r.IntN(4) {
		case 0:
			d.At = time.Time{}
		case 1:
			if w.HasDeadline(piece) {
				w.Hold(piece)
				w.Lose(piece)
			}
		}
		w.SetDeadlines([]Deadline{d}, held, standin.Picker{})
		before := time.Unix(int64(r.IntN(50)+1), 0)
		any := false
		for i := range n {
			at, ok := w.Deadlines()[i]
			require.Equal(t, ok, w.HasDeadline(i))
			require.Equal(t, ok && at.Before(before), w.NeededBefore(i, before))
			any = any || (ok && at.Before(before))
		}
		require.Equal(t, any, w.AnyNeededBefore(before))
		require.LessOrEqual(t, len(w.nearest), 2*n+64)
	}
	w.ClearDeadlines(standin.Picker{})
	require.False(t, w.AnyNeededBefore(time.Unix(1e9, 0)))
}
