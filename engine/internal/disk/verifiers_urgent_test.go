package disk

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// A piece that is needed soon is hashed at once, before others of its torrent, and nothing in front of
// it waits for company.
func TestUrgentPieces(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, v *Verifiers) {
		began := time.Now()
		a, b := &torrent{ctx: t.Context()}, &torrent{ctx: t.Context()}
		s, sizes := newStore(swarm.NewMemory(40*pieceLen), 4)
		other, _ := newStore(swarm.NewMemory(40*pieceLen), 4)
		urgent, later := piece(3, true), piece(4, true)
		urgent.Urgent, later.Urgent = true, true
		v.mu.Lock() // until all are there
		for _, c := range []protocol.Check{piece(1, true), piece(2, true), urgent, later} {
			a.AddTask()
			v.add(job{Check: c, owner: a, store: s, since: time.Now()})
		}
		var order []int
		for _, j := range v.queue {
			order = append(order, j.Piece)
		}
		v.mu.Unlock()
		require.Equal(t, []int{3, 4, 1, 2}, order)
		v.wait.Signal()
		require.Len(t, a.posted(), 4)
		require.Equal(t, []int{4}, *sizes)
		v.Check(b, other, piece(1, true))
		synctest.Wait()
		require.Empty(t, b.now(), "it waits for company")
		v.Check(a, s, urgent)
		require.Len(t, a.posted(), 1)
		require.Len(t, b.posted(), 1, "it came first")
		require.Equal(t, began, time.Now())
	})
}
