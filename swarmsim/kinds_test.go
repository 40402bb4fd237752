package swarmsim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestLiarsAreBanned: those who send wrong bytes are banned by somebody, honest peers
// never are, and everybody completes.
func TestLiarsAreBanned(t *testing.T) {
	for name, share := range map[string]float64{"all blocks": 0, "every tenth": 0.1} {
		t.Run(name, func(t *testing.T) {
			r := run(t, newSim(1, 20, 100, func(i int, p *Peer) {
				if i%5 == 0 {
					p.Kind, p.WrongShare = WrongBytes, share
				}
			}))
			requireComplete(t, r)
			require.Positive(t, r.WrongPieces)
			require.Positive(t, r.Wasted)
			banned := 0
			for _, p := range r.Peers {
				if p.Kind == WrongBytes {
					banned += p.BannedBy
				}
			}
			require.Equal(t, r.Bans, banned)
			require.Greater(t, banned, 16, "of 4 liars by 16 peers")
		})
	}
}

// TestFreeRidersFinishLast: who gives nothing gets the last piece later than who gives.
func TestFreeRidersFinishLast(t *testing.T) {
	r := run(t, newSim(1, 20, 500, func(i int, p *Peer) {
		p.Config.UploadSlots = 4
		if i%5 == 0 {
			p.Kind = FreeRider
		}
	}))
	requireComplete(t, r)
	var givers, riders time.Duration
	for _, p := range r.Peers[1:] {
		if p.Kind == FreeRider {
			require.Empty(t, p.Reason)
			require.Zero(t, p.Up)
			riders += p.Completed / 4
		} else {
			givers += p.Completed / 16
		}
	}
	require.Greater(t, riders, givers)
}

// TestUselessPeersHurtNobody: the others complete in spite of them.
func TestUselessPeersHurtNobody(t *testing.T) {
	alone := run(t, newSim(1, 12, 60, nil)).Last
	for _, kind := range []Kind{FalseHaves, UnaskedBlocks, Staller, Flooder, Reconnecter, Quitter, NonReader} {
		t.Run(kind.String(), func(t *testing.T) {
			r := run(t, newSim(1, 16, 60, func(i int, p *Peer) {
				if i%4 == 3 {
					p.Kind = kind
				}
			}))
			requireComplete(t, r)
			require.Less(t, r.Last, 3*alone)
		})
	}
}

// TestUnaskedBlocksAreWasted: nobody takes what it has not requested.
func TestUnaskedBlocksAreWasted(t *testing.T) {
	r := run(t, newSim(1, 4, 60, func(i int, p *Peer) {
		if i == 0 {
			p.Kind = UnaskedBlocks
		}
	}))
	requireComplete(t, r)
	require.Positive(t, r.Wasted)
	require.LessOrEqual(t, r.WrongPieces, 2, "a block may be one that was just requested")
}

// TestPeersLeave: some leave at a set time, others a while after their last piece.
func TestPeersLeave(t *testing.T) {
	r := run(t, newSim(1, 12, 60, func(i int, p *Peer) {
		switch {
		case i%4 == 1:
			p.Leave = time.Duration(i) * 300 * time.Millisecond
		case i%4 == 2:
			p.Linger = 100 * time.Millisecond
		}
	}))
	left := 0
	for i, p := range r.Peers[1:] {
		if p.Reason != "" {
			require.Contains(t, p.Reason, "it left with")
			require.Equal(t, 1, i%4)
			left++
		}
	}
	require.Positive(t, left)
	require.Equal(t, left, r.Incomplete)
	require.Equal(t, 12-left, r.Complete)
}

// TestLostConnections: peers dial again.
func TestLostConnections(t *testing.T) {
	r := run(t, newSim(1, 8, 60, func(_ int, p *Peer) { p.Link.Lifetime = 2 * time.Second }))
	requireComplete(t, r)
	require.Greater(t, r.Messages, run(t, newSim(1, 8, 60, nil)).Messages/2)
}

// TestSeedThatLeaves: what it has sent goes on from peer to peer.
func TestSeedThatLeaves(t *testing.T) {
	s := newSim(1, 8, 60, nil)
	s.Peers[0].Leave = 15 * time.Second
	r := run(t, s)
	requireComplete(t, r)
	require.NotZero(t, r.Seeds[0].LastLeft)
	require.GreaterOrEqual(t, r.Seeds[0].CopiesThen, 1.0)
}
