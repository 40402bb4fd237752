package lookup_test

import (
	"math/rand/v2"
	"net/netip"
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

// Of one network of the Internet one node is asked and counts, also if all would answer. Each node of
// a local network counts (https://www.bittorrent.org/beps/bep_0042.html, "Enforcement").
func TestNodesOfOneNetworkCountOnce(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for network, want := range map[string]int{"30.0.0.0": 1, "10.0.0.0": 20, "2001:db8:1:2::": 1, "fd00::": 20} {
		var known []krpc.Contact
		a := netip.MustParseAddr(network)
		for range 20 {
			a = a.Next()
			known = append(known, krpc.Contact{ID: nodeid.ForAddr(a, random), Addr: netip.AddrPortFrom(a, 1)})
		}
		l := lookup.New(lookup.Config{K: 100}, known)
		asked := 0
		for q, ok := l.Next(); ok; q, ok = l.Next() {
			asked++
			l.Answered(q, q.ID, known)
		}
		require.True(t, l.Done())
		require.Equal(t, want, asked, network)
		require.Len(t, l.Closest(), want, network)
	}
}
