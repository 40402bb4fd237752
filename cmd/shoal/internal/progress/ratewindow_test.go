package progress

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRateWindow(t *testing.T) {
	var p RateWindow
	start := time.Unix(1000, 0)
	_, _, known := p.Rates(start, 50, 0)
	require.False(t, known, "one total has no rate")
	_, _, known = p.Rates(start.Add(shortestWindow/2), 100, 5)
	require.False(t, known)
	down, up, known := p.Rates(start.Add(time.Second), 150, 10)
	require.True(t, known)
	require.EqualValues(t, 100, down)
	require.EqualValues(t, 10, up)
	for s := range 100 {
		down, _, _ = p.Rates(start.Add(time.Duration(s+2)*time.Second), 150, 10)
	}
	require.Zero(t, down, "what lies before the window does not count")
	require.LessOrEqual(t, len(p.history), 6)
	down, _, _ = p.Rates(start.Add(200*time.Second), 0, 0)
	require.Zero(t, down, "totals that shrink are no negative rate")
}
