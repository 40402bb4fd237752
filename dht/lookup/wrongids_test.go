package lookup_test

import (
	"math/rand/v2"
	"testing"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/lookup"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/stretchr/testify/require"
)

// Many who name a node with ids that are far from the target, or do not fit its address, do not
// hide it from the one who names it right.
func TestManyWrongIDs(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	victim := krpc.Contact{ID: nodeid.ForAddr(addr(0).Addr(), random), Addr: addr(0)}
	for _, wrong := range []nodeid.ID{victim.ID.Flip(0), victim.ID.Flip(2)} {
		var tellers []krpc.Contact
		for i := range 12 {
			tellers = append(tellers, krpc.Contact{ID: nodeid.ForAddr(addr(i+1).Addr(), random), Addr: addr(i + 1)})
		}
		l := lookup.New(lookup.Config{Target: victim.ID, K: 20, Alpha: 20}, tellers)
		for i := range 12 {
			q, ok := l.Next()
			require.True(t, ok)
			named := victim
			if i < 11 {
				named.ID = wrong
				named.ID[19] = byte(i)
			}
			l.Answered(q, q.ID, []krpc.Contact{named})
		}
		q, ok := l.Next()
		require.True(t, ok)
		require.Equal(t, victim, q.Contact)
	}
}
