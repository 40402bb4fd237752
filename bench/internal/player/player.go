package player

import (
	"context"
	"fmt"
	"time"
)

// A Source has content to play.
type Source interface {
	// Read returns when the next n bytes are there, or with an error when ctx ends.
	Read(ctx context.Context, n int) error
}

// A Player plays at one rate. It begins when its buffer is full, and then asks for each
// step when there is room for it in the buffer. So a step has as long to come as the buffer
// is.
type Player struct {
	Rate   float64       // bytes per second
	Step   int           // bytes that it reads at a time
	Buffer time.Duration // how much it has before it begins
	Limit  time.Duration // how long the buffer may take to be full at first
}

// A Result is how it went.
type Result struct {
	Stalls  int           // how often playback stood still
	Stalled time.Duration // how long in all
	Longest time.Duration // the longest of them
}

// Add adds what came later.
func (r *Result) Add(later Result) {
	r.Stalls += later.Stalls
	r.Stalled += later.Stalled
	r.Longest = max(r.Longest, later.Longest)
}

// Play plays until a time has passed since playback began, or the given number of bytes was
// read. If a step is not there when it is due, playback stands still until it is, and what
// follows is due later.
func (p Player) Play(ctx context.Context, s Source, d time.Duration, bytes int64) (Result, error) {
	steps := int(bytes / int64(p.Step))
	full := min(steps, int(p.Rate*p.Buffer.Seconds())/p.Step)
	if err := p.fill(ctx, s, full); err != nil {
		return Result{}, err
	}
	began := time.Now()
	end := began.Add(d)
	limited, cancel := context.WithDeadline(ctx, end)
	defer cancel()
	var m meter
	for i := full; i < steps; i++ {
		due := began.Add(p.after(i) + m.result.Stalled)
		if asked := due.Add(-p.Buffer); !asked.Before(end) || wait(limited, asked) != nil {
			break
		}
		err := s.Read(limited, p.Step)
		now := time.Now()
		if err != nil && now.Before(end) {
			return m.result, err
		}
		m.arrived(due, now)
		if err != nil {
			break // it has played as long as it should, and is waiting
		}
	}
	return m.result, ctx.Err()
}

// after returns how long playback has gone on when a step is due, if it never stood still.
func (p Player) after(step int) time.Duration {
	return time.Duration(float64(step) * float64(p.Step) / p.Rate * float64(time.Second))
}

// fill reads a number of steps as fast as they come.
func (p Player) fill(ctx context.Context, s Source, steps int) error {
	limited, cancel := context.WithTimeout(ctx, p.Limit)
	defer cancel()
	for i := range steps {
		if err := s.Read(limited, p.Step); err != nil {
			if limited.Err() != nil && ctx.Err() == nil {
				return fmt.Errorf("it did not begin to play within %v: %d of %d steps were there", p.Limit, i, steps)
			}
			return err
		}
	}
	return nil
}

// A meter counts stalls. Steps that are late one behind the other are one stall.
type meter struct {
	result  Result
	current time.Duration // of the stall that goes on; 0 for none
}

// arrived takes note of a step that was due.
func (m *meter) arrived(due, now time.Time) {
	late := now.Sub(due)
	if late <= 0 {
		m.current = 0
		return
	}
	if m.current == 0 {
		m.result.Stalls++
	}
	m.current += late
	m.result.Stalled += late
	m.result.Longest = max(m.result.Longest, m.current)
}

// wait waits until a time.
func wait(ctx context.Context, until time.Time) error {
	select {
	case <-time.After(time.Until(until)):
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}
