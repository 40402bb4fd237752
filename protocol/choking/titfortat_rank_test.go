package choking

import (
	"slices"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// chosen asks a choker and returns its choice in order of the peers' numbers.
func chosen(c Choker, now time.Time, peers []PeerRate, slots int, seeding bool) []swarm.Peer {
	all := c.Unchoke(nil, now, peers, slots, seeding)
	slices.Sort(all)
	return all
}

// TestSlotsGoToThoseWhoSendMost: while we download, all slots but the one on trial
// go by what peers send, and nothing that they take makes up for it.
func TestSlotsGoToThoseWhoSendMost(t *testing.T) {
	start := time.Unix(1e9, 0)
	now := start.Add(time.Hour)
	peers := []PeerRate{
		{Peer: 1, Joined: start, Unchoked: start, Down: 10, Up: 900},
		{Peer: 2, Joined: start, Unchoked: start, Down: 500, Snubbed: true},
		{Peer: 3, Joined: start, Unchoked: start, Down: 300},
		{Peer: 4, Joined: start, Unchoked: start, Down: 200},
		{Peer: 5, Joined: start},
	}
	// Only peer 5 is choked, so the trial is its.
	require.Equal(t, []swarm.Peer{3, 4, 5}, chosen(NewTitForTat(), now, peers, 3, false))
	require.Equal(t, []swarm.Peer{1, 3, 4, 5}, chosen(NewTitForTat(), now, peers, 4, false))
	require.Equal(t, []swarm.Peer{5}, chosen(NewTitForTat(), now, peers, 1, false))
	require.Empty(t, chosen(NewTitForTat(), now, peers, 0, false))
	require.Len(t, chosen(NewTitForTat(), now, peers, 5, false), 5)
	require.Len(t, chosen(NewTitForTat(), now, peers, -1, false), 5)
}

// TestSeedServesThoseWhoTakeMost: while we seed, slots go by what peers take, and
// one that was just unchoked keeps its slot until that can be told.
func TestSeedServesThoseWhoTakeMost(t *testing.T) {
	start := time.Unix(1e9, 0)
	now := start.Add(time.Hour)
	peers := []PeerRate{
		{Peer: 1, Joined: start, Unchoked: start, Up: 100, Down: 1e6},
		{Peer: 2, Joined: start, Unchoked: start, Up: 300, Snubbed: true},
		{Peer: 3, Joined: start, Unchoked: start, Up: 200},
		{Peer: 4, Joined: start, Unchoked: now.Add(-seedSlotTime + time.Second)},
		{Peer: 5, Joined: start},
	}
	require.Equal(t, []swarm.Peer{2, 4, 5}, chosen(NewTitForTat(), now, peers, 3, true))
	later := now.Add(2 * time.Second)
	require.Equal(t, []swarm.Peer{2, 3, 5}, chosen(NewTitForTat(), later, peers, 3, true))
}

// TestTrialGoesRound: each peer that waits is unchoked on trial for 30 s, newcomers
// sooner than others.
func TestTrialGoesRound(t *testing.T) {
	c := NewTitForTat()
	start := time.Unix(1e9, 0)
	peers := []PeerRate{
		{Peer: 1, Joined: start, Down: 100},
		{Peer: 2, Joined: start.Add(time.Second)},
		{Peer: 3, Joined: start.Add(2 * time.Second)},
	}
	now := start.Add(10 * time.Minute)
	var trials []swarm.Peer
	for range 12 {
		on := chosen(c, now, peers, 1, false)
		require.Len(t, on, 1)
		for i := range peers {
			switch {
			case peers[i].Peer != on[0]:
				peers[i].Unchoked = time.Time{}
			case peers[i].Unchoked.IsZero():
				peers[i].Unchoked = now
			}
		}
		trials = append(trials, on[0])
		now = now.Add(10 * time.Second)
	}
	require.Equal(t, []swarm.Peer{1, 1, 1, 2, 2, 2, 3, 3, 3, 1, 1, 1}, trials)
	peers = append(peers, PeerRate{Peer: 4, Joined: now.Add(-35 * time.Second)})
	require.Equal(t, []swarm.Peer{4}, chosen(c, now, peers, 1, false), "thrice as likely")
	peers = peers[:3]
	require.NotContains(t, chosen(c, now, peers, 1, false), swarm.Peer(4), "it has left")
}

// TestNewcomersAreTriedFirst: who joined within the last minute has waited thrice as
// long as the clock says, so that it gets the first piece that it can trade with.
func TestNewcomersAreTriedFirst(t *testing.T) {
	now := time.Unix(1e9, 0)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	first := func(old, fresh time.Duration) []swarm.Peer {
		peers := []PeerRate{{Peer: 1, Joined: ago(old)}, {Peer: 2, Joined: ago(fresh)}}
		return chosen(NewTitForTat(), now, peers, 1, false)
	}
	require.Equal(t, []swarm.Peer{2}, first(2*time.Minute, 45*time.Second))
	require.Equal(t, []swarm.Peer{1}, first(2*time.Minute, 30*time.Second))
	require.Equal(t, []swarm.Peer{1}, first(2*time.Minute, 61*time.Second), "it is no newcomer any more")
}
