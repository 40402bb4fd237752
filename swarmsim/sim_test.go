package swarmsim

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

const pieceLength = 64 << 10

// newSim returns a swarm of a seed of twice the usual rate, which is peer 0, and n equal
// peers. edit changes those.
func newSim(seed uint64, n, pieces int, edit func(i int, p *Peer)) Sim {
	s := Sim{Seed: seed, Geometry: swarm.Geometry{Length: int64(pieces) * pieceLength, PieceLength: pieceLength}, Limit: time.Hour}
	s.Peers = []Peer{{Seed: true, Link: Link{Up: 2_000_000}}}
	for i := range n {
		p := Peer{Arrive: time.Duration(i) * time.Millisecond}
		if edit != nil {
			edit(i, &p)
		}
		s.Peers = append(s.Peers, p)
	}
	return s
}

func run(t testing.TB, s Sim) *Result {
	r, err := s.Run()
	require.NoError(t, err)
	return r
}

// requireComplete checks that every honest peer has everything, and that nobody was
// faster than is possible.
func requireComplete(t testing.TB, r *Result) {
	for i, p := range r.Peers {
		if p.Kind == Honest {
			require.Empty(t, p.Reason, "peer %d", i)
		}
	}
	require.GreaterOrEqual(t, r.First, r.BoundFirst)
	require.GreaterOrEqual(t, r.Last, r.BoundAll)
	require.Zero(t, r.WrongBans)
}

// everyKind is a swarm in which all that may happen does.
func everyKind(seed uint64) Sim {
	return newSim(seed, 24, 60, func(i int, p *Peer) {
		p.Arrive *= 300
		p.Link.Lifetime = time.Minute
		p.Memory = 1 << 20
		switch {
		case i <= int(lastKind):
			p.Kind = Kind(i)
		case i == 11:
			p.Leave = 10 * time.Second
		case i == 12:
			p.Linger = time.Second
		}
	})
}

// TestSameSeedSameSwarm runs one swarm twice, and another one.
func TestSameSeedSameSwarm(t *testing.T) {
	a, b, c := run(t, everyKind(1)), run(t, everyKind(1)), run(t, everyKind(2))
	require.Equal(t, a, b)
	require.NotZero(t, a.Messages)
	require.NotEqual(t, a.Hash, c.Hash)
	first, err := json.Marshal(a)
	require.NoError(t, err)
	second, err := json.Marshal(b)
	require.NoError(t, err)
	require.JSONEq(t, string(first), string(second))
}

// TestRunLeavesTheSimAlone: a Sim is a value that may run again.
func TestRunLeavesTheSimAlone(t *testing.T) {
	s, same := newSim(1, 3, 5, nil), newSim(1, 3, 5, nil)
	run(t, s)
	require.Equal(t, same, s)
}

// TestHashSeesEachMessage: a swarm that differs in one late message has another hash.
func TestHashSeesEachMessage(t *testing.T) {
	s := newSim(1, 3, 20, nil)
	a := run(t, s)
	s.Peers[3].Leave, s.Peers[2].Linger = time.Hour, 1
	b := run(t, s)
	require.NotEqual(t, a.Hash, b.Hash)
}

func TestSimThatMakesNoSense(t *testing.T) {
	for name, spoil := range map[string]func(*Sim){
		"nobody":              func(s *Sim) { s.Peers = nil },
		"nothing":             func(s *Sim) { s.Geometry.Length = 0 },
		"no pieces":           func(s *Sim) { s.Geometry.PieceLength = 0 },
		"pads":                func(s *Sim) { s.Geometry.Pads = []swarm.Span{{Offset: 1, Length: 1}} },
		"too long":            func(s *Sim) { s.Geometry.Length = 1 << 50 },
		"too many pieces":     func(s *Sim) { s.Geometry = swarm.Geometry{Length: 1 << 30, PieceLength: 1} },
		"a negative rate":     func(s *Sim) { s.Peers[1].Link.Up = -1 },
		"a negative time":     func(s *Sim) { s.Peers[1].Leave = -1 },
		"a share above 1":     func(s *Sim) { s.Peers[1].WrongShare = 1.5 },
		"no such kind":        func(s *Sim) { s.Peers[1].Kind = lastKind + 1 },
		"no memory":           func(s *Sim) { s.Peers[1].Memory = 1 },
		"nobody to know":      func(s *Sim) { s.Peers[1].Knows = []int{2} },
		"too many of a swarm": func(s *Sim) { s.Peers = make([]Peer, maxPeers+1) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(1, 1, 1, nil)
			spoil(&s)
			_, err := s.Run()
			require.ErrorContains(t, err, "swarmsim: ")
		})
	}
}

// TestSwarmEndsAtItsLimit: peers that cannot complete have a reason.
func TestSwarmEndsAtItsLimit(t *testing.T) {
	s := newSim(1, 2, 20, nil)
	s.Peers[0].Leave, s.Limit = 200*time.Millisecond, time.Minute
	r := run(t, s)
	require.Equal(t, time.Minute, r.Time)
	require.Equal(t, 2, r.Incomplete)
	require.Contains(t, r.Peers[1].Reason, "nobody had")
	require.Negative(t, r.Last)
	require.Negative(t, r.Mean)
	require.Equal(t, never, r.BoundAll)

	s.Peers[0].Leave, s.Limit = 0, 300*time.Millisecond
	require.Contains(t, run(t, s).Peers[1].Reason, "the time was over")
	s.Peers[1].Arrive = time.Second
	require.Contains(t, run(t, s).Peers[1].Reason, "had not arrived")
}

// TestOnePeer: without others a download takes what its links take.
func TestOnePeer(t *testing.T) {
	for name, test := range map[string]struct {
		change func(s *Sim)
		bound  float64 // seconds
	}{
		"the seed's uplink":   {func(*Sim) {}, 6.55},
		"the peer's downlink": {func(s *Sim) { s.Peers[1].Link.Down = 500_000 }, 26.2},
		"the peer's disk":     {func(s *Sim) { s.Peers[1].DiskRate = 1_000_000 }, 13.1},
		"the seed's disk":     {func(s *Sim) { s.Peers[0].DiskRate = 1_000_000 }, 13.1},
		"the peer's hasher":   {func(s *Sim) { s.Peers[1].HashRate = 1_000_000 }, 13.1},
		"little memory":       {func(s *Sim) { s.Peers[1].Memory = 512 << 10 }, 6.55},
		"a long way":          {func(s *Sim) { s.Peers[1].Link.Delay = 300 * time.Millisecond }, 8},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(1, 1, 200, nil)
			test.change(&s)
			r := run(t, s)
			requireComplete(t, r)
			require.InDelta(t, test.bound+0.9, r.Last.Seconds(), 1)
			require.EqualValues(t, s.Geometry.Length, r.Peers[1].Down)
			require.EqualValues(t, s.Geometry.Length, r.Peers[0].Up)
			require.InDelta(t, 1, r.Seeds[0].CopiesThen, 1e-9)
			require.Less(t, r.Seeds[0].LastLeft, r.Last)
			require.Equal(t, r.Last, r.Mean)
			require.Len(t, r.Seeds[0].Copies, 200)
		})
	}
}

// TestOddGeometry: pieces of odd lengths, and of one block.
func TestOddGeometry(t *testing.T) {
	for _, g := range []swarm.Geometry{
		{Length: 1, PieceLength: 1},
		{Length: 100_001, PieceLength: 10_000},
		{Length: 1<<20 + 5, PieceLength: 40_000},
		{Length: 3 << 20, PieceLength: 1 << 20},
	} {
		s := newSim(1, 3, 1, nil)
		s.Geometry = g
		requireComplete(t, run(t, s))
	}
}

// TestConfigIsUsed: the Config of a Peer reaches its State.
func TestConfigIsUsed(t *testing.T) {
	s := newSim(1, 6, 40, func(_ int, p *Peer) { p.Config.UploadSlots = 1 })
	few := run(t, s)
	requireComplete(t, few)
	made := 0
	for i := range s.Peers {
		s.Peers[i].Config = protocol.Config{NewChoker: func() protocol.Choker { made++; return protocol.NewTitForTat() }}
	}
	requireComplete(t, run(t, s))
	require.GreaterOrEqual(t, made, len(s.Peers))
}

// TestWhoKnowsWhom: peers have connections to those that they know, or that the tracker names,
// also if these come later.
func TestWhoKnowsWhom(t *testing.T) {
	for _, test := range []struct {
		name        string
		change      func(s *Sim)
		connections int
	}{
		{"the tracker names all", func(*Sim) {}, 10},
		{"the tracker names one", func(s *Sim) { s.MaxFound = 1 }, 4},
		{"the tracker names nobody", func(s *Sim) { s.MaxFound = -1 }, 0},
		{"one knows the seed", func(s *Sim) { s.MaxFound, s.Peers[3].Knows = -1, []int{0} }, 1},
		{"one knows some that come later", func(s *Sim) { s.MaxFound, s.Peers[1].Knows = -1, []int{3, 4} }, 2},
	} {
		s := newSim(1, 4, 1000, func(i int, p *Peer) { p.Arrive = time.Duration(i+1) * time.Second })
		test.change(&s)
		s.Limit = 10 * time.Second
		w := newWorld(s)
		w.run()
		ends := 0
		for _, n := range w.nodes {
			ends += n.open
		}
		require.Equal(t, 2*test.connections, ends, test.name)
	}
}

// TestStepsDoNotMatter: the order in which peers run within a step is not seen. One queue
// for all events, which is what very short steps come to, gives the same swarm.
func TestStepsDoNotMatter(t *testing.T) {
	s := everyKind(1)
	s.Limit = 5 * time.Second // a swarm that ends by itself ends with the step
	long := newWorld(s)
	long.run()
	short := newWorld(s)
	require.Equal(t, 20*time.Millisecond, short.step)
	short.step = 1
	short.run()
	a, b := long.result(), short.result()
	require.Equal(t, a.Hash, b.Hash)
	require.Equal(t, a.Messages, b.Messages)
}

// TestConnectionsComeInAnyOrder: an order by number, the same at all peers, would have
// all of them unchoke the same ones.
func TestConnectionsComeInAnyOrder(t *testing.T) {
	s := newSim(1, 30, 40, nil)
	s.Limit = time.Second
	w := newWorld(s)
	w.run()
	descents := 0
	for _, n := range w.nodes {
		for i := 1; i < len(n.ends); i++ {
			if n.ends[i-1] != nil && n.ends[i] != nil && n.ends[i-1].remote.node.index > n.ends[i].remote.node.index {
				descents++
			}
		}
	}
	require.Greater(t, descents, 100)
}
