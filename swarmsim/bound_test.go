package swarmsim

import (
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func TestBounds(t *testing.T) {
	const f = 100_000_000 // bytes of content
	seed := Peer{Seed: true, Link: Link{Up: 2_000_000}}
	equal := func(n int) []Peer { return append([]Peer{seed}, make([]Peer, n)...) }
	for name, test := range map[string]struct {
		peers      []Peer
		first, all float64 // seconds
	}{
		"one peer: F/S":                    {equal(1), 50, 50},
		"fast seed: F/D":                   {[]Peer{{Seed: true, Link: Link{Up: 9_000_000}}, {}}, 25, 25},
		"many: N·F/(S+N·U)":                {equal(98), 50, 98},
		"two seeds":                        {append(equal(1), seed), 25, 25},
		"free riders and liars count not":  {append(equal(98), Peer{Kind: FreeRider}, Peer{Kind: WrongBytes}), 50, 98},
		"the last comes late":              {append(equal(1), Peer{Arrive: 80 * time.Second}), 50, 105},
		"a slow downlink":                  {append(equal(1), Peer{Link: Link{Down: 500_000}}), 50, 200},
		"a peer that leaves gives a while": {append(equal(1), Peer{Leave: 10 * time.Second, Link: Link{Up: 3_000_000}}), 50, 50},
		"nobody downloads":                 {[]Peer{seed}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := Sim{Geometry: swarm.Geometry{Length: f, PieceLength: 1 << 18}, Peers: test.peers}
			first, all := s.Bounds()
			require.InDelta(t, test.first, first.Seconds(), 0.01)
			require.InDelta(t, test.all, all.Seconds(), 0.01)
		})
	}
	s := Sim{Geometry: swarm.Geometry{Length: f, PieceLength: 1 << 18}, Peers: make([]Peer, 1)}
	first, all := s.Bounds()
	require.Equal(t, []time.Duration{never, never}, []time.Duration{first, all}, "there is no seed")
}

func TestJain(t *testing.T) {
	require.Equal(t, 1.0, jain(nil))
	require.Equal(t, 1.0, jain([]float64{3, 3, 3}))
	require.InDelta(t, 0.25, jain([]float64{0, 0, 9, 0}), 1e-9)
}
