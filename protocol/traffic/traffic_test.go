package traffic

import (
	"testing"
	"time"

	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/stretchr/testify/require"
)

// TestMeter: the rate comes near the true one within some seconds, the peak stays.
func TestMeter(t *testing.T) {
	now := time.Unix(1e9, 0)
	var m Meter
	m.Read(now, 0)
	total := int64(0)
	pass := func(seconds int, rate int64) {
		for range seconds {
			now = now.Add(time.Second)
			total += rate
			m.Read(now, total)
		}
	}
	pass(20, 1000)
	require.InDelta(t, 1000, m.flow.Rate, 50)
	pass(20, 4000)
	require.InDelta(t, 4000, m.flow.Rate, 200)
	peak := m.flow.Peak
	require.InDelta(t, 4000, peak, 200)
	pass(60, 0)
	require.Zero(t, m.flow.Rate, "less than a byte a second is none")
	require.Equal(t, peak, m.flow.Peak)
	m.Read(now.Add(100*time.Millisecond), total+7)
	require.Zero(t, m.flow.Rate, "too short to tell")
	require.Equal(t, report.Flow{Total: total + 9, Peak: peak}, m.Flow(total+9))
}
