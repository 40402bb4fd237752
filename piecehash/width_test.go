package piecehash

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLanes(t *testing.T) {
	for _, n := range []int{Lanes1(), Lanes256()} {
		require.Contains(t, []int{1, 2, 3, 4, 8, 16}, n, "the width of a kernel, or 1")
	}
}
