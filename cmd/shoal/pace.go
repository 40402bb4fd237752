package main

import "time"

// paceWindow is how far back a pace looks.
const paceWindow = 4 * time.Second

// A pace turns totals into rates for people: those of the last seconds, without a
// slow rise at the start.
type pace struct{ samples []sample }

type sample struct {
	at       time.Time
	down, up int64 // bytes in all
}

// rates notes totals and returns bytes per second in both directions.
func (p *pace) rates(now time.Time, down, up int64) (downRate, upRate float64) {
	p.samples = append(p.samples, sample{now, down, up})
	// The oldest is just outside the window, so that this is always covered.
	old := 0
	for old+1 < len(p.samples) && now.Sub(p.samples[old+1].at) >= paceWindow {
		old++
	}
	p.samples = append(p.samples[:0], p.samples[old:]...)
	first := p.samples[0]
	seconds := now.Sub(first.at).Seconds()
	if seconds <= 0 {
		return 0, 0
	}
	return float64(max(down-first.down, 0)) / seconds, float64(max(up-first.up, 0)) / seconds
}
