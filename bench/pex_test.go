package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/pex"
	"github.com/shoal-bt/shoal/protocol/extension"
	"github.com/shoal-bt/shoal/swarmsim"
	swarms "github.com/shoal-bt/shoal/swarmsim/scenario"
)

// enoughPeers is how many connections a peer has that has found the swarm.
const enoughPeers = 10

// TestPEXFindsTheSwarm has peers that know one other peer each. By peer exchange all of them
// find the swarm within seconds, and their downloads take hardly longer than with a tracker
// that names 50 peers. It is not in package scenario, because swarmsim must not import pex.
func TestPEXFindsTheSwarm(t *testing.T) {
	byTracker := runSparse(t, func(*swarmsim.Sim) {}, nil)
	for _, test := range []struct {
		name   string
		change func(*swarmsim.Sim)
		within time.Duration // all have enough peers
	}{
		{"the tracker names one", func(s *swarmsim.Sim) { s.MaxFound = 1 }, 10 * time.Second},
		{"all know the seed", know(func(int) int { return 0 }), 10 * time.Second},
		{"each knows the one before", know(func(i int) int { return i - 1 }), 15 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := runSparse(t, test.change, pex.New)
			t.Logf("all have %d peers after %v; mean of downloads %v, by tracker %v", enoughPeers, r.foundAt, r.Mean, byTracker.Mean)
			require.Zero(t, r.Incomplete)
			require.Equal(t, len(r.Peers), r.found)
			require.Less(t, r.foundAt, test.within)
			require.Less(t, r.Mean, byTracker.Mean+3*time.Second)

			without := runSparse(t, func(s *swarmsim.Sim) {
				test.change(s)
				s.Limit = test.within
			}, nil)
			require.LessOrEqual(t, without.found, 1, "peers found each other without peer exchange")
		})
	}
}

// know has each peer but the seed know one other peer, and nobody has a tracker.
func know(other func(i int) int) func(*swarmsim.Sim) {
	return func(s *swarmsim.Sim) {
		s.MaxFound = -1
		for i := range s.Peers[1:] {
			s.Peers[i+1].Knows = []int{other(i + 1)}
		}
	}
}

// A sparse is the result of a swarm, and how its peers found each other.
type sparse struct {
	*swarmsim.Result
	found   int           // peers that had enough others at some time
	foundAt time.Duration // when the last of them had, after the first connection
}

// runSparse runs a flash crowd after a change, with an extension unless it is nil.
func runSparse(t *testing.T, change func(*swarmsim.Sim), maker extension.Maker) sparse {
	t.Helper()
	s, err := swarms.Find("flash")
	require.NoError(t, err)
	sim, err := s.Sim(swarms.Options{Seed: 1, Peers: 16, Pieces: 120})
	require.NoError(t, err)
	change(&sim)
	counts := new(counts)
	for i := range sim.Peers {
		c := &sim.Peers[i].Config
		c.Extensions = []extension.Maker{counts.newCounter}
		if maker != nil {
			c.Extensions = append(c.Extensions, maker)
		}
	}
	r, err := sim.Run()
	require.NoError(t, err)
	return sparse{r, counts.enough, counts.lastAt.Sub(counts.firstAt)}
}

// counts is what the counters of a swarm have seen.
type counts struct {
	enough          int // peers that had enough connections at some time
	firstAt, lastAt time.Time
}

// newCounter returns the counter of one peer.
func (c *counts) newCounter(extension.Torrent) extension.Extension { return &counter{all: c} }

// A counter is an extension that counts the connections of a peer, and says nothing.
type counter struct {
	all       *counts
	open      int
	hasEnough bool // it had, at some time
}

// Name implements extension.Extension, as do Hello and Open.
func (*counter) Name() string { return "count" }

func (*counter) Hello(*peerwire.ExtendedHandshake) {}

func (c *counter) Open(now time.Time, _ extension.Conn, _ *peerwire.ExtendedHandshake) extension.Session {
	if c.all.firstAt.IsZero() || now.Before(c.all.firstAt) {
		c.all.firstAt = now
	}
	c.open++
	if c.open == enoughPeers && !c.hasEnough {
		c.hasEnough = true
		c.all.enough++
		if now.After(c.all.lastAt) {
			c.all.lastAt = now
		}
	}
	return counting{c}
}

// A counting is one connection of a counter's peer.
type counting struct{ counter *counter }

// Hello implements extension.Session, as do Message, Tick and Close.
func (counting) Hello(time.Time, *peerwire.ExtendedHandshake) {}

func (counting) Message(time.Time, []byte) error { return nil }

func (counting) Tick(time.Time) {}

func (c counting) Close() { c.counter.open-- }
