package piecehash

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A caller makes batches of as many pieces as are hashed side by side, whichever way that
// is done, and for each algorithm.
func TestLanes(t *testing.T) {
	paths := Paths()
	for _, few := range []int{2, 3, 8} { // each algorithm in a way of its own
		one, two := only(reference(&alg1, lanes)), only(reference(&alg256, few))
		paths = append(paths, Path{"reference of both", 0, one, two}, Path{"reference of both", 0, two, one})
	}
	for _, p := range paths {
		restore := p.Force()
		one, two := Lanes1(), Lanes256()
		restore()
		require.Equal(t, widest(p.one), one, "%s: SHA-1", p.Name)
		require.Equal(t, widest(p.two), two, "%s: SHA-256", p.Name)
		if p.Lanes > 0 {
			require.Equal(t, p.Lanes, one, p.Name)
		}
	}
}

// widest returns how many of any number of messages a choice hashes side by side.
func widest(c *choice) int {
	width := 1
	for _, k := range c.kernels {
		if k != nil {
			width = max(width, k.width)
		}
	}
	return width
}
