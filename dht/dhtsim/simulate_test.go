package dhtsim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSimulate(t *testing.T) {
	r := Simulate(Config{Seed: 1, Nodes: 1000, Lookups: 200})
	t.Logf("%+v", r)
	require.GreaterOrEqual(t, r.Exact, 198)
	require.GreaterOrEqual(t, r.Found, 198)
	require.LessOrEqual(t, r.First, time.Second)
	require.LessOrEqual(t, r.First99, 4*time.Second)
}
