package wan

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"time"
)

// ErrUnsupported says that this system cannot have links.
var ErrUnsupported = errors.New("long links need Linux")

// A Link says what a link is like.
type Link struct {
	Delay time.Duration // one way
	Rate  float64       // Mbit/s, each way
	Queue time.Duration // what may wait before the link, at its rate; what comes then is lost
	Loss  float64       // probability that a packet is lost otherwise
}

// The addresses at the two ends.
const (
	Near = "10.99.0.1"
	Far  = "10.99.0.2"
)

// Near has these addresses too, so that several peers can be there.
const (
	nearOthers = "10.99.1.0/24"
	another    = "10.99.1."
	others     = 8
)

// Another returns one of eight other addresses of the near end.
func Another(i int) string { return another + strconv.Itoa(1+i%others) }

// A line is one direction of a link: when the packet is through that was sent last.
type line struct {
	Link
	free time.Time
}

// admit returns when a packet of size bytes that comes now arrives; false if it
// never does.
func (l *line) admit(now time.Time, size int) (time.Time, bool) {
	if rand.Float64() < l.Loss {
		return time.Time{}, false
	}
	if l.free.Before(now) {
		l.free = now
	}
	if l.free.Sub(now) > l.Queue {
		return time.Time{}, false
	}
	l.free = l.free.Add(time.Duration(float64(8*size) / l.Rate * float64(time.Microsecond)))
	return l.free.Add(l.Delay), true
}
