package main

import "time"

// windowLength is how far back a pace looks.
const windowLength = 4 * time.Second

// A rateWindow turns totals into rates for people: those of the last seconds, without a
// slow rise at the start.
type rateWindow struct{ history []totals }

type totals struct {
	at       time.Time
	down, up int64 // bytes in all
}

// rates notes totals and returns bytes per second in both directions.
func (p *rateWindow) rates(now time.Time, down, up int64) (downRate, upRate float64) {
	p.history = append(p.history, totals{now, down, up})
	// The oldest is just outside the window, so that this is always covered.
	old := 0
	for old+1 < len(p.history) && now.Sub(p.history[old+1].at) >= windowLength {
		old++
	}
	p.history = append(p.history[:0], p.history[old:]...)
	first := p.history[0]
	seconds := now.Sub(first.at).Seconds()
	if seconds <= 0 {
		return 0, 0
	}
	return float64(max(down-first.down, 0)) / seconds, float64(max(up-first.up, 0)) / seconds
}
