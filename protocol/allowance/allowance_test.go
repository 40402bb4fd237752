package allowance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// spendAll spends single units and returns how many it takes to exceed the Allowance.
func spendAll(a *Allowance) (n int) {
	for !a.Exceeded() {
		a.Spend(1)
		n++
	}
	return n
}

func TestAllowance(t *testing.T) {
	now := time.Unix(1e9, 0)
	a := New(now)
	require.Equal(t, Most+1, spendAll(&a))

	a.Refill(now.Add(time.Second / PerSecond / 2))
	require.True(t, a.Exceeded(), "half a unit is none")
	a.Refill(now.Add(time.Second / PerSecond))
	require.False(t, a.Exceeded(), "two halves are one")
	a.Refill(now.Add(time.Second))
	require.Equal(t, PerSecond, spendAll(&a), "a second's units, less the one that was missing")

	a.Refill(now.Add(365 * 24 * time.Hour))
	require.Equal(t, Most, spendAll(&a), "no more than Most come together")

	a.Earn(3)
	require.Equal(t, 3, spendAll(&a))
	a.Refill(now)
	require.True(t, a.Exceeded(), "time that runs backwards gives nothing")
}
