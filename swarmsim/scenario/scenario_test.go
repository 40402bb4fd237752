package scenario

import (
	"testing"

	"github.com/shoal-bt/shoal/piecepicker"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/pickertest"
	"github.com/shoal-bt/shoal/swarmsim"
	"github.com/stretchr/testify/require"
)

func run(t *testing.T, name string, o Options) *swarmsim.Result {
	s, err := Find(name)
	require.NoError(t, err)
	sim, err := s.Sim(o)
	require.NoError(t, err)
	r, err := sim.Run()
	require.NoError(t, err)
	return r
}

// TestScenarios runs each scenario with few peers.
func TestScenarios(t *testing.T) {
	for _, s := range All() {
		t.Run(s.Name, func(t *testing.T) {
			r := run(t, s.Name, Options{Seed: 1, Peers: 10, Pieces: 30, Slots: 4})
			require.Len(t, r.Peers, 11)
			require.True(t, r.Peers[0].Seed)
			require.Zero(t, r.WrongBans)
			if s.Name != "leaving" {
				require.Zero(t, r.Incomplete)
			}
			require.GreaterOrEqual(t, r.Last, r.BoundAll)
			require.NotEmpty(t, s.Purpose)
		})
	}
}

// TestSuperSeedSendsEachPieceOnce: at most 1.10 times the content until every piece is with
// the swarm, also from a slow seed. One peer alone gets everything.
func TestSuperSeedSendsEachPieceOnce(t *testing.T) {
	for _, peers := range []int{1, 2, 25} {
		for _, seedUp := range []int64{2_000_000, 200_000} {
			s, err := Find("superseed")
			require.NoError(t, err)
			sim, err := s.Sim(Options{Seed: 1, Peers: peers, Pieces: 100})
			require.NoError(t, err)
			sim.Peers[0].Link.Up = seedUp
			r, err := sim.Run()
			require.NoError(t, err)
			require.Zero(t, r.Incomplete)
			require.NotZero(t, r.Seeds[0].LastLeft)
			require.LessOrEqual(t, r.Seeds[0].CopiesThen, 1.1, "%d peers, %d bytes/s", peers, seedUp)
			if peers > 2 { // fewer wait for a piece after each piece
				require.Less(t, r.Last.Seconds(), 1.5*r.BoundAll.Seconds(), "%d bytes/s", seedUp)
			}
		}
	}
}

// TestLiarsAreBannedAndNobodyElse: a fifth of the peers lies in all blocks or in some, also
// while memory is so short that blocks are written early and read back. A liar spoils little
// until it is found out.
func TestLiarsAreBannedAndNobodyElse(t *testing.T) {
	for _, share := range []float64{0, 0.1} {
		for _, memory := range []int64{0, 768 << 10} {
			s, err := Find("liars")
			require.NoError(t, err)
			sim, err := s.Sim(Options{Seed: 1, Peers: 25, Pieces: 60})
			require.NoError(t, err)
			for i := range sim.Peers {
				sim.Peers[i].Memory = memory
				sim.Peers[i].WrongShare = share
			}
			r, err := sim.Run()
			require.NoError(t, err)
			require.Zero(t, r.WrongBans)
			require.Zero(t, r.Incomplete)
			require.NotZero(t, r.Bans)
			all := 20 * sim.Geometry.Length
			require.Less(t, float64(r.Wasted), 0.2*float64(all), "wrong %v, memory %d", share, memory)
		}
	}
}

// TestFlashCrowdIsTheOneOfTheTable: U = 1 MB/s, D = 4U, S = 2U, 500 pieces of 256 KiB.
func TestFlashCrowdIsTheOneOfTheTable(t *testing.T) {
	s, err := Find("flash")
	require.NoError(t, err)
	sim, err := s.Sim(Options{})
	require.NoError(t, err)
	require.Len(t, sim.Peers, 101)
	require.Equal(t, 500, sim.Geometry.Pieces())
	first, all := sim.Bounds()
	require.InDelta(t, 65.5, first.Seconds(), 0.1)
	require.InDelta(t, 128.5, all.Seconds(), 0.1)
	for i, p := range sim.Peers {
		require.Equal(t, 40, p.Config.MaxPeers)
		require.EqualValues(t, 4_000_000, p.Link.Down)
		if i > 0 {
			require.EqualValues(t, 1_000_000, p.Link.Up)
		}
	}
}

// TestRulesAreWorthSomething: rarest first beats pieces in order.
func TestRulesAreWorthSomething(t *testing.T) {
	o := Options{Seed: 1, Peers: 25, Pieces: 100, Slots: 4}
	rarest := run(t, "flash", o)
	o.Picker = "sequential"
	require.Less(t, rarest.Last, run(t, "flash", o).Last)
}

func TestUnknownNames(t *testing.T) {
	_, err := Find("x")
	require.ErrorContains(t, err, "flash, superseed")
	for _, o := range []Options{{Picker: "x"}, {Choker: "x"}, {Peers: -1}} {
		_, err := All()[0].Sim(o)
		require.ErrorContains(t, err, "scenario: ")
	}
}

// TestRandomOrder: a picker of pieces at random is a picker.
func TestRandomOrder(t *testing.T) {
	pickertest.Run(t, func(_ *testing.T, g swarm.Geometry) swarm.Picker { return pickers["random"](g, 1) })
	var _ piecepicker.Order = new(randomOrder)
}
