package reading

import (
	"math"
	"time"
)

const (
	// meterSample is how long bytes are counted before they change the rate.
	meterSample = 500 * time.Millisecond

	// meterMemory is the time in which the rate forgets two thirds of what it was.
	meterMemory = 3 * time.Second

	// meterPause is how long nobody reads before that counts as a pause, which does not
	// change the rate.
	meterPause = 5 * time.Second
)

// A meter measures how fast somebody reads.
type meter struct {
	rate  float64   // bytes per second; 0 while it is unknown
	since time.Time // of the sample; zero before the first one
	last  time.Time // when the last bytes were read
	bytes int64     // of the sample
}

// begin notes that a read begins. The time that it waits counts.
func (m *meter) begin(now time.Time) {
	if m.since.IsZero() || now.Sub(m.last) > meterPause {
		m.since, m.bytes = now, 0
	}
	m.last = now
}

// add notes that a read returned n bytes.
func (m *meter) add(now time.Time, n int) {
	m.last = now
	m.bytes += int64(n)
	elapsed := now.Sub(m.since)
	if elapsed < meterSample {
		return
	}
	sample := float64(m.bytes) / elapsed.Seconds()
	if m.rate == 0 {
		m.rate = sample
	} else {
		m.rate += (sample - m.rate) * (1 - math.Exp(-elapsed.Seconds()/meterMemory.Seconds()))
	}
	m.since, m.bytes = now, 0
}
