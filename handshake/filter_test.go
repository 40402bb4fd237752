package handshake

import (
	"net/netip"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// always returns a Filter whose decision is always d.
func always(d Decision) Filter {
	return func(Candidate) Decision { return d }
}

func TestFiltersStrongestDecisionCounts(t *testing.T) {
	for _, test := range []struct {
		decisions   []Decision
		early, late Decision // with some parts known, with all known
	}{
		{nil, Pass, Pass},
		{[]Decision{Pass, Pass}, Pass, Pass},
		{[]Decision{Pass, Block}, Block, Block},
		{[]Decision{Block, NeedData, Pass}, NeedData, Block},
		{[]Decision{NeedData}, NeedData, Pass},
		{[]Decision{Allow, Block}, Allow, Allow},
		{[]Decision{Block, NeedData, Allow, Pass}, Allow, Allow},
	} {
		var s Filters
		for _, d := range test.decisions {
			s.Add(always(d))
		}
		require.Equal(t, test.early, s.Decide(Candidate{Known: Name}), "%v", test.decisions)
		require.Equal(t, test.late, s.Decide(Candidate{Known: All}), "%v", test.decisions)
	}
}

func TestFiltersAddRemoveClear(t *testing.T) {
	var s Filters
	removeBlock := s.Add(always(Block))
	removeAllow := s.Add(always(Allow))
	require.Equal(t, Allow, s.Decide(Candidate{}))
	removeAllow()
	removeAllow()
	require.Equal(t, Block, s.Decide(Candidate{}))
	s.Add(always(Block))
	removeBlock()
	require.Equal(t, Block, s.Decide(Candidate{}), "the second Block stays")
	s.Clear()
	removeBlock()
	require.Equal(t, Pass, s.Decide(Candidate{}))
	require.Equal(t, Pass, (*Filters)(nil).Decide(Candidate{}))
}

func TestFiltersChangeWhileAsked(t *testing.T) {
	var s Filters
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				remove := s.Add(always(Block))
				s.Decide(Candidate{})
				remove()
			}
		})
	}
	wg.Wait()
	require.Equal(t, Pass, s.Decide(Candidate{}))
}

func TestFiltersByPart(t *testing.T) {
	h := sample()
	addr := netip.MustParseAddrPort("192.0.2.1:6881")
	whole := Candidate{Addr: addr, Known: All, Handshake: h}

	byAddr := ByAddr(func(a netip.AddrPort) Decision {
		require.Equal(t, addr, a)
		return Block
	})
	require.Equal(t, Pass, byAddr(Candidate{}))
	require.Equal(t, Block, byAddr(whole))

	for name, f := range map[Field]Filter{
		Name:         ByProtocol(func(p string) Decision { require.Equal(t, h.Protocol, p); return Block }),
		ReservedBits: ByReserved(func(r Reserved) Decision { require.Equal(t, h.Reserved, r); return Block }),
		InfoHash:     ByInfoHash(func(i [20]byte) Decision { require.Equal(t, h.InfoHash, i); return Block }),
		PeerID:       ByPeerID(func(i [20]byte) Decision { require.Equal(t, h.PeerID, i); return Block }),
	} {
		require.Equal(t, NeedData, f(Candidate{Known: All &^ name}))
		require.Equal(t, Block, f(whole))
	}
}
