package fetch

import "time"

const (
	firstWindow = 8  // requests that are open before the first answer
	maxWindow   = 48 // requests that are open; some clients reject what exceeds 64

	firstDelay    = 500 * time.Millisecond // assumed from a request to its answer, before the first
	queueDelay    = 50 * time.Millisecond  // more than twice the shortest delay: the peer's queue grows
	leastPatience = time.Second
	mostPatience  = 8 * time.Second
)

// A pace is how quick a peer is, and how many requests it should have open.
type pace struct {
	window   int           // requests to have open
	delay    time.Duration // from a request to its answer, smoothed; 0 before the first
	least    time.Duration // the shortest of them
	lastData time.Time     // when the last answer came
}

func newPace() pace { return pace{window: firstWindow} }

// answered takes in the time from a request to its answer. With each prompt answer one
// more request may be open, so their number doubles in each round trip until the answers
// begin to queue.
func (p *pace) answered(now time.Time, took time.Duration) {
	took = max(took, time.Microsecond)
	if p.delay == 0 {
		p.delay, p.least = took, took
	}
	p.delay += (took - p.delay) / 4
	p.least = min(p.least, took)
	p.lastData = now
	if took <= 2*p.least+queueDelay {
		p.window = min(p.window+1, maxWindow)
	}
}

// late has only one request open until the peer answers again.
func (p *pace) late() { p.window = 1 }

// expected returns how long an answer should take.
func (p *pace) expected() time.Duration {
	if p.delay == 0 {
		return firstDelay
	}
	return p.delay
}

// patience returns how long to wait for an answer before others are asked as well.
func (p *pace) patience() time.Duration {
	return min(max(4*p.expected(), leastPatience), mostPatience)
}
