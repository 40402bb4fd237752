package choking

import (
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// first unchokes those that come first.
type first struct{}

func (first) Unchoke(dst []swarm.Peer, _ time.Time, peers []PeerRate, slots int, _ bool) []swarm.Peer {
	for _, p := range peers[:min(slots, len(peers))] {
		dst = append(dst, p.Peer)
	}
	return dst
}

func TestRounds(t *testing.T) {
	newChoker := func() Choker { return first{} }
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var r Rounds
	require.Zero(t, r.Due())
	r.Soon(now)
	require.Equal(t, now.Add(joinDelay), r.Due())
	r.Soon(now.Add(time.Second))
	require.Equal(t, now.Add(joinDelay), r.Due(), "a later call does not delay it")

	chosen := r.Choose(now, newChoker, append(r.Rates(), PeerRate{Peer: 1}, PeerRate{Peer: 2}), 1, false)
	require.Equal(t, map[swarm.Peer]bool{1: true}, chosen)
	require.Equal(t, now.Add(UnusedTime), r.Due(), "peer 1 may leave its slot unused while peer 2 waits")

	later := now.Add(UnusedTime)
	r.Choose(later, newChoker, append(r.Rates(), PeerRate{Peer: 1, Unchoked: now}, PeerRate{Peer: 2}), 1, false)
	require.Equal(t, now.Add(roundEvery), r.Due(), "the round stays when it was")
	r.Choose(later, newChoker, append(r.Rates(), PeerRate{Peer: 1}), 1, false)
	require.Equal(t, now.Add(roundEvery), r.Due(), "nobody waits")
	r.Stop()
	require.Zero(t, r.Due())
}
