package protocol

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// TestSameInputsSameEffects runs the same random Inputs twice, among them pauses, bans,
// rechecks and the end: the State must do the same both times. A decision that followed
// the order of a map would sooner or later differ.
func TestSameInputsSameEffects(t *testing.T) {
	for seed := range uint64(20) {
		first := randomRun(t, seed)
		require.Equal(t, first, randomRun(t, seed), "seed %d", seed)
	}
}

// randomRun returns what a State does about the random Inputs of a seed.
func randomRun(t *testing.T, seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 5))
	text := []string{"piece", "4b", "length", "2000000", "memory", "40"}
	if seed%2 == 0 {
		text = []string{"piece", "9b", "length", "2000000", "memory", "60", "sections", "2"}
	}
	c := &chaos{world: newWorld(t, text), store: make(map[swarm.Block][]byte)}
	c.data = make([]byte, 2000)
	for i := range c.data {
		c.data[i] = byte(r.Uint32())
	}
	c.happen(Start{})
	for len(c.data) > 0 {
		c.step()
		c.check()
	}
	c.happen(Pause{})
	c.deliverLate()
	c.happen(Close{})
	lines := strings.Join(c.take(), "\n")
	c.finish()
	return lines
}
