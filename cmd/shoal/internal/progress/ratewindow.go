package progress

import "time"

// windowLength is how far back a RateWindow looks.
const windowLength = 4 * time.Second

// A RateWindow turns totals into the rates that people see: the average of the
// last seconds, without a slow rise at the start.
type RateWindow struct{ history []totals }

// totals are the bytes moved since the start, at one moment.
type totals struct {
	at       time.Time
	down, up int64
}

// shortestWindow is the shortest time of which a rate says something.
const shortestWindow = 500 * time.Millisecond

// Rates records totals and returns bytes per second in both directions. known is false
// while there is too little to tell.
func (w *RateWindow) Rates(now time.Time, down, up int64) (downRate, upRate float64, known bool) {
	w.history = append(w.history, totals{now, down, up})
	// The oldest entry is just outside the window, so that the window is always covered.
	old := 0
	for old+1 < len(w.history) && now.Sub(w.history[old+1].at) >= windowLength {
		old++
	}
	w.history = append(w.history[:0], w.history[old:]...)
	first := w.history[0]
	if now.Sub(first.at) < shortestWindow {
		return 0, 0, false
	}
	seconds := now.Sub(first.at).Seconds()
	return float64(max(down-first.down, 0)) / seconds, float64(max(up-first.up, 0)) / seconds, true
}
