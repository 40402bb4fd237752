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
		{Peer: 4, Joined: start, Unchoked: now.Add(-seedSlotTime + time.Second), SentSince: 1},
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

// TestNobodyKeepsASlotUnused: 80 peers say that they are interested and take nothing. Who
// comes later and takes what it gets has a slot at once, and keeps it.
func TestNobodyKeepsASlotUnused(t *testing.T) {
	for _, seeding := range []bool{true, false} {
		c := NewTitForTat()
		start := time.Unix(1e9, 0)
		var peers []PeerRate
		for i := range 80 {
			peers = append(peers, PeerRate{Peer: swarm.Peer(i + 1), Joined: start})
		}
		const honest = swarm.Peer(99)
		slots := 0
		for round := range 60 {
			now := start.Add(time.Duration(round) * UnusedTime)
			if round == 20 {
				peers = append(peers, PeerRate{Peer: honest, Joined: now})
			}
			on := c.Unchoke(nil, now, peers, 8, seeding)
			require.Len(t, on, 8)
			for i := range peers {
				p := &peers[i]
				switch {
				case !slices.Contains(on, p.Peer):
					p.Unchoked, p.SentSince, p.Up, p.Down = time.Time{}, 0, 0, 0
				case p.Unchoked.IsZero():
					p.Unchoked = now
				}
				if p.Peer == honest && !p.Unchoked.IsZero() {
					p.SentSince, p.Up, p.Down = p.SentSince+1e6, 1e5, 1e5
					slots++
				}
			}
			require.True(t, round < 20 || slices.Contains(on, honest), "round %d, seeding %v", round, seeding)
		}
		require.Equal(t, 40, slots, "seeding: %v", seeding)
		require.LessOrEqual(t, len(c.(*ranked).unused), len(peers))
	}
}

// TestChanceDecidesBetweenEquals: in a new swarm nobody has sent anything, and not
// everybody may unchoke those who joined first.
func TestChanceDecidesBetweenEquals(t *testing.T) {
	start := time.Unix(1e9, 0)
	times := make(map[swarm.Peer]int)
	for n := range 100 {
		var peers []PeerRate
		for i := range 10 {
			peers = append(peers, PeerRate{Peer: swarm.Peer(i + 1), Joined: start})
		}
		for _, p := range chosen(NewTitForTat(), start.Add(time.Duration(n)), peers, 4, false) {
			times[p]++
		}
	}
	for i := range 9 {
		require.InDelta(t, 33, times[swarm.Peer(i+2)], 20, "peer %d", i+2)
	}
}

// TestSlotsMoveWithinARound: a slot that is not used goes on to a peer that never left one
// unused. Other slots stay where they are until the round is over.
func TestSlotsMoveWithinARound(t *testing.T) {
	c := NewTitForTat()
	start := time.Unix(1e9, 0)
	peers := []PeerRate{
		{Peer: 1, Joined: start, Unchoked: start, Down: 10, SentSince: 1},
		{Peer: 2, Joined: start, Unchoked: start, Down: 9, Queued: 1},
		{Peer: 3, Joined: start, Unchoked: start, Down: 8},
		{Peer: 4, Joined: start},
		{Peer: 5, Joined: start},
	}
	trial := func(all []swarm.Peer) []swarm.Peer { // without the peer that is on trial
		return slices.DeleteFunc(all, func(p swarm.Peer) bool { return p == 5 })
	}
	c.(*ranked).optimistic, c.(*ranked).until = 5, start.Add(time.Hour)
	require.Equal(t, []swarm.Peer{1, 2, 3}, trial(chosen(c, start, peers, 4, false)))
	early := start.Add(UnusedTime - 1)
	require.Equal(t, []swarm.Peer{1, 2, 3}, trial(chosen(c, early, peers, 4, false)))
	peers[3].Down, peers[1].Down = 100, 0
	soon := start.Add(UnusedTime)
	require.Equal(t, []swarm.Peer{1, 2, 4}, trial(chosen(c, soon, peers, 4, false)), "3 requested nothing")
	peers[3].Unchoked, peers[2].Unchoked = soon, time.Time{}
	again := soon.Add(UnusedTime)
	require.Equal(t, []swarm.Peer{1, 2, 4}, trial(chosen(c, again, peers, 4, false)), "nor does 4, but 3 had its turn")
	peers[3].SentSince = 1
	round := start.Add(roundTime)
	require.Equal(t, []swarm.Peer{1, 3, 4}, trial(chosen(c, round, peers, 4, false)), "2 sends nothing any more")
}

// TestALongRoundTripCostsNoSlot: a request comes more than two seconds after the unchoke,
// and others wait.
func TestALongRoundTripCostsNoSlot(t *testing.T) {
	c := NewTitForTat()
	start := time.Unix(1e9, 0)
	peers := []PeerRate{
		{Peer: 1, Joined: start, Unchoked: start, SentSince: 1},
		{Peer: 2, Joined: start, Unchoked: start},
		{Peer: 3, Joined: start},
		{Peer: 4, Joined: start},
	}
	c.(*ranked).optimistic, c.(*ranked).until = 1, start.Add(time.Hour)
	chosen(c, start, peers, 2, false)
	require.Equal(t, []swarm.Peer{1, 2}, chosen(c, start.Add(2500*time.Millisecond), peers, 2, false))
	require.NotContains(t, chosen(c, start.Add(4*time.Second), peers, 2, false), swarm.Peer(2))
}
