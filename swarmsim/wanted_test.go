package swarmsim

import (
	"slices"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// priorities returns the priority 4 for pieces from first to last, and 0 for the others.
func priorities(pieces, first, last int) []uint8 {
	p := make([]uint8, pieces)
	for i := first; i <= last; i++ {
		p[i] = 4
	}
	return p
}

// Peers that want parts get these and no more than two pieces beside, and with them they are
// partial seeds, from which others get the same after the seed has left.
func TestPeersThatWantParts(t *testing.T) {
	const pieces = 60
	s := newSim(1, 12, pieces, func(i int, p *Peer) {
		if i < 10 {
			p.Priorities = priorities(pieces, 5*i, 5*i+14)
			return
		}
		p.Arrive = time.Minute
		p.Priorities = priorities(pieces, 10, 40)
		p.Sequential = i == 11
	})
	s.Peers[0].Leave = 50 * time.Second
	r := run(t, s)
	requireComplete(t, r)
	for i, p := range r.Peers[1:] {
		wanted := s.wanted(&s.Peers[i+1])
		require.Less(t, wanted, s.Geometry.Length)
		require.GreaterOrEqual(t, p.Down, wanted)
		require.LessOrEqual(t, p.Down-p.Wasted, wanted+2*pieceLength, "peer %d", i+1)
	}
	require.Equal(t, r, run(t, s))
	s.Peers[12].Sequential = false
	require.NotEqual(t, r.Hash, run(t, s).Hash)
}

// Priorities must fit the torrent.
func TestPrioritiesThatDoNotFit(t *testing.T) {
	s := newSim(1, 1, 10, nil)
	s.Peers[1].Priorities = make([]uint8, 9)
	_, err := s.Run()
	require.EqualError(t, err, "swarmsim: peer 1 has 9 priorities for 10 pieces")
	s.Peers[1].Priorities = slices.Repeat([]uint8{8}, 10)
	_, err = s.Run()
	require.EqualError(t, err, "swarmsim: peer 1: a priority is more than 7")
}

// A slow peer has some blocks requested of it, which a fast one could send sooner. webtorrent hands
// them to the fast one (hotswap). Here a queue is never longer than a few seconds of its peer's
// rate, others request the rest of the same piece, and the end game requests the last blocks
// twice: beside slow peers a download takes at most half a second longer than with the fast one
// alone, whose rate is a thousand times theirs.
func TestSlowPeerHoldsNobodyUp(t *testing.T) {
	const pieces = 160 // 10 MiB
	for _, isSequential := range []bool{false, true} {
		alone := run(t, newSim(1, 1, pieces, func(_ int, p *Peer) { p.Sequential = isSequential }))
		for _, rate := range []int64{2_000, 20_000, 200_000} {
			for _, slow := range []int{1, 5} {
				s := newSim(1, 1, pieces, func(_ int, p *Peer) { p.Sequential = isSequential })
				for range slow {
					s.Peers = append(s.Peers, Peer{Seed: true, Link: Link{Up: rate}})
				}
				r := run(t, s)
				t.Logf("sequential %v, %d seeds of %d bytes a second: %v, alone %v", isSequential, slow, rate, r.Last, alone.Last)
				require.Less(t, r.Last, alone.Last+500*time.Millisecond, "sequential %v, %d seeds of %d bytes a second", isSequential, slow, rate)
			}
		}
	}
}

// It is the same if the fast peer comes when all that it has was requested of slow ones.
func TestFastPeerComesLate(t *testing.T) {
	const pieces = 16
	for _, rate := range []int64{5_000, 50_000} {
		s := Sim{Seed: 1, Geometry: swarm.Geometry{Length: pieces * pieceLength, PieceLength: pieceLength}, Limit: time.Hour}
		s.Peers = []Peer{{}, {Seed: true, Link: Link{Up: 2_000_000}, Arrive: 5 * time.Second}}
		for range 8 {
			s.Peers = append(s.Peers, Peer{Seed: true, Link: Link{Up: rate}})
		}
		r := run(t, s)
		t.Logf("8 seeds of %d bytes a second: %v", rate, r.Last)
		require.Less(t, r.Last, 8*time.Second)
	}
}
