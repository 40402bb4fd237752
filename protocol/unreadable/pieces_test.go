package unreadable

import (
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func TestPieces(t *testing.T) {
	var u Pieces
	now := time.Unix(1e9, 0)
	require.Zero(t, u.Due())
	require.Equal(t, time.Minute, u.Add(now, 7))
	require.Zero(t, u.Add(now, 7), "it is out already")
	require.Equal(t, time.Minute, u.Add(now.Add(time.Second), 3))
	require.Equal(t, []int{3, 7}, u.All())
	require.True(t, u.Has(7))
	require.Equal(t, now.Add(time.Minute), u.Due())

	now = now.Add(time.Minute)
	require.Equal(t, []int{7}, u.Retry(now))
	require.False(t, u.Has(7))
	require.Equal(t, now.Add(time.Second), u.Due())
	require.Equal(t, []int{3}, u.Retry(now.Add(time.Second)))
	require.Zero(t, u.Due())
	require.Empty(t, u.All())
}

func TestTheWaitDoubles(t *testing.T) {
	var u Pieces
	now := time.Unix(1e9, 0)
	for _, minutes := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
		require.Equal(t, minutes*time.Minute, u.Add(now, 0))
		now = u.Due()
		require.Equal(t, []int{0}, u.Retry(now))
	}
}

func TestWithout(t *testing.T) {
	var u Pieces
	have := swarm.NewBitfield(9)
	have.SetAll(9)
	u.Add(time.Unix(1e9, 0), 7)
	require.Equal(t, 8, u.Without(have).Count())
	require.False(t, u.Without(have).Has(7))
	require.Equal(t, 9, have.Count(), "it is a copy")
}

func TestOneWarningAMinute(t *testing.T) {
	var u Pieces
	now := time.Unix(1e9, 0)
	require.True(t, u.TakeWarning(now))
	require.False(t, u.TakeWarning(now.Add(59*time.Second)))
	require.True(t, u.TakeWarning(now.Add(time.Minute)))
	require.False(t, u.TakeWarning(now.Add(time.Minute)))
}
