package wishes

import (
	"context"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/swarm"
)

// A tracker can be compared.
type tracker struct{ name string }

func (*tracker) Announce(context.Context, swarm.Announcement, func(swarm.Address)) (swarm.Answer, error) {
	return swarm.Answer{}, nil
}

func TestSourcesSince(t *testing.T) {
	var w Wishes
	a, b, c := &tracker{"a"}, &tracker{"b"}, &tracker{"c"}
	w.AddSources(a, swarm.List{}, b)
	before := w.Copy()
	w.RemoveSource(a)
	w.RemoveSource(swarm.List{}) // is not found
	w.AddSources(swarm.List{}, c)
	added, removed := w.SourcesSince(before)
	require.Equal(t, []swarm.PeerSource{swarm.List{}, c}, added)
	require.Equal(t, []swarm.PeerSource{a}, removed)
	require.Equal(t, []swarm.PeerSource{a, swarm.List{}, b}, before.Sources())
	require.Equal(t, []swarm.PeerSource{swarm.List{}, b, swarm.List{}, c}, w.Sources())
}

func TestBan(t *testing.T) {
	var w Wishes
	w.Ban(netip.MustParseAddr("192.0.2.1"))
	w.Ban(netip.MustParseAddr("192.0.2.1"))
	require.Len(t, w.Banned, 1)
}

// A peer that is named in each run is saved once.
func TestPeersAreNamedOnce(t *testing.T) {
	var w Wishes
	a, b := netip.MustParseAddrPort("192.0.2.1:1"), netip.MustParseAddrPort("192.0.2.1:2")
	w.AddPeers(a, b)
	w.AddPeers(b, a)
	require.Equal(t, []netip.AddrPort{a, b}, w.Peers)
}
