package choking

import (
	"slices"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// rounds lets a Choker choose every ten seconds among peers whose rates stay, and
// returns how many rounds each was unchoked.
func rounds(n int, peers []PeerRate, slots int, seeding bool) map[swarm.Peer]int {
	c := NewTitForTat()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	times := make(map[swarm.Peer]int)
	for i := range peers {
		peers[i].Joined = now
	}
	for range n {
		chosen := c.Unchoke(nil, now, peers, slots, seeding)
		for i, p := range peers {
			switch {
			case !slices.Contains(chosen, p.Peer):
				peers[i].Unchoked = time.Time{}
			default:
				times[p.Peer]++
				if p.Unchoked.IsZero() {
					peers[i].Unchoked = now
				}
			}
		}
		now = now.Add(10 * time.Second)
	}
	return times
}

func TestLeecherUnchokesThoseWhoSend(t *testing.T) {
	times := rounds(60, []PeerRate{{Peer: 1}, {Peer: 2, Down: 100}, {Peer: 3}, {Peer: 4, Down: 300}, {Peer: 5}, {Peer: 6, Down: 900, Snubbed: true}}, 3, false)
	require.Equal(t, 60, times[4])
	require.Greater(t, times[2], 40)
	for _, p := range []swarm.Peer{1, 3, 5, 6} {
		require.Greater(t, times[p], 5, "peer %d is tried now and then", p)
		require.Less(t, times[p], 30)
	}
}

func TestSeedGivesEachItsTurn(t *testing.T) {
	var peers []PeerRate
	for i := range 10 {
		peers = append(peers, PeerRate{Peer: swarm.Peer(i + 1), Up: float64(i) * 1000})
	}
	times := rounds(180, peers, 4, true)
	for _, p := range peers {
		require.Greater(t, times[p.Peer], 10, "peer %d", p.Peer)
	}
	require.Greater(t, times[10], 2*times[1], "the quick ones more of it")
}

func TestSlots(t *testing.T) {
	peers := []PeerRate{{Peer: 1}, {Peer: 2}, {Peer: 3}}
	for slots, want := range map[int]int{-1: 3, 0: 0, 1: 1, 2: 2, 3: 3, 9: 3} {
		got := NewTitForTat().Unchoke(nil, time.Now(), peers, slots, false)
		require.Len(t, got, want, "%d slots", slots)
		slices.Sort(got)
		require.Len(t, slices.Compact(got), want)
	}
}
