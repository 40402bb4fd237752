// Package traffic measures what goes over the connections of a torrent.
//
// In come totals of bytes, with the time at which they were read; out come rates and
// peaks. [Sums] adds up the totals of several connections. The types are values that one
// goroutine owns. They do no I/O and read no clock.
package traffic

import (
	"math"
	"time"

	"github.com/shoal-bt/shoal/protocol/connection"
	"github.com/shoal-bt/shoal/protocol/report"
)

// Sums are totals of connections, in bytes: payload, and everything on the wire.
type Sums struct{ Down, DownAll, Up, UpAll int64 }

// Add adds what one connection has counted so far.
func (a *Sums) Add(t *connection.Tally) {
	a.Down += t.Down.Load()
	a.DownAll += t.DownAll.Load()
	a.Up += t.Up.Load()
	a.UpAll += t.UpAll.Load()
}

// DownProtocol returns the bytes to us that were not payload.
func (a *Sums) DownProtocol() int64 { return a.DownAll - a.Down }

// UpProtocol returns the bytes from us that were not payload.
func (a *Sums) UpProtocol() int64 { return a.UpAll - a.Up }

// A Traffic is what went over all connections of a torrent.
type Traffic struct {
	Down, Up, DownProtocol, UpProtocol Meter

	Ended Sums // of connections that have ended
}

// New returns a Traffic of which nothing was read before now.
func New(now time.Time) *Traffic {
	m := NewMeter(now)
	return &Traffic{Down: m, Up: m, DownProtocol: m, UpProtocol: m}
}

// Read takes the totals of all connections, ended ones included, at now.
func (t *Traffic) Read(now time.Time, total Sums) {
	t.Down.Read(now, total.Down)
	t.Up.Read(now, total.Up)
	t.DownProtocol.Read(now, total.DownProtocol())
	t.UpProtocol.Read(now, total.UpProtocol())
}

// A Meter makes a Flow of a total that is read now and then. The first Read of a zero
// Meter only begins the measurement.
type Meter struct {
	flow report.Flow
	at   time.Time
}

// NewMeter returns a Meter of a total that is zero at now.
func NewMeter(now time.Time) Meter { return Meter{at: now} }

// Read takes the total at now. The rate forgets with a time constant of five seconds;
// readings less than half a second apart only move the total.
func (m *Meter) Read(now time.Time, total int64) {
	d := now.Sub(m.at).Seconds()
	if m.at.IsZero() {
		m.at, m.flow.Total = now, total
		return
	}
	if d < 0.5 {
		return
	}
	keep := math.Exp(-d / 5)
	rate := max(0, float64(total-m.flow.Total)/d) // a total may have been corrected
	m.flow.Rate = keep*m.flow.Rate + (1-keep)*rate
	if m.flow.Rate < 1 {
		m.flow.Rate = 0
	}
	m.flow.Peak = max(m.flow.Peak, m.flow.Rate)
	m.flow.Total, m.at = total, now
}

// Rate returns the rate at the last Read, in bytes per second.
func (m *Meter) Rate() float64 { return m.flow.Rate }

// Flow returns the flow with the total as it is now.
func (m *Meter) Flow(total int64) report.Flow {
	f := m.flow
	f.Total = total
	return f
}
