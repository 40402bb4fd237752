package engine

import (
	"math"
	"time"
)

// meter makes a Flow of a total that is read now and then.
type meter struct {
	flow Flow
	at   time.Time
}

// read takes the total at now. The rate forgets with a time constant of five
// seconds; readings less than half a second apart only move the total.
func (m *meter) read(now time.Time, total int64) {
	d := now.Sub(m.at).Seconds()
	if m.at.IsZero() {
		m.at, m.flow.Total = now, total
		return
	}
	if d < 0.5 {
		return
	}
	keep := math.Exp(-d / 5)
	rate := float64(total-m.flow.Total) / d
	m.flow.Rate = keep*m.flow.Rate + (1-keep)*rate
	if m.flow.Rate < 1 {
		m.flow.Rate = 0
	}
	m.flow.Peak = max(m.flow.Peak, m.flow.Rate)
	m.flow.Total, m.at = total, now
}

// show returns the flow with the total as it is now.
func (m *meter) flowAt(total int64) Flow {
	f := m.flow
	f.Total = total
	return f
}
