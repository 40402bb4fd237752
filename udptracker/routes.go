package udptracker

import (
	"context"
	"fmt"
	"iter"
	"net/netip"
	"os"
	"time"
)

// A routeCall is a route on which a tracker is to be asked.
type routeCall struct {
	route
	index   int // of the route in Trackers.routes
	servers []netip.AddrPort
	timeout time.Duration // 0 for no limit
}

// calls returns the routes to a tracker. The error matches *FamilyError if there are none.
// limit bounds resolving the name and the calls together; 0 means no limit.
func (t *Tracker) calls(ctx context.Context, to target, limit time.Duration) ([]routeCall, error) {
	began, silence := time.Now(), t.trackers.config.Silence
	resolveLimit := silence
	if limit > 0 {
		resolveLimit = min(limit, silence)
	}
	servers, err := t.resolve(ctx, to, resolveLimit)
	if err != nil {
		return nil, err
	}
	left := remaining(ctx, limit, began)
	var calls []routeCall
	for i, r := range t.trackers.routes {
		family := 0
		if r.is6 {
			family = 1
		}
		if len(servers[family]) > 0 {
			calls = append(calls, routeCall{r, i, servers[family], left})
		}
	}
	if len(calls) > 0 {
		return calls, nil
	}
	if len(servers[0]) > 0 {
		return nil, &FamilyError{Has: "IPv4"}
	}
	return nil, &FamilyError{Has: "IPv6"}
}

// remaining returns how much is left of limit, or 0 if that is 0. A call ends a second
// before the deadline of ctx if that is far away, so that its error says what happened.
func remaining(ctx context.Context, limit time.Duration, began time.Time) time.Duration {
	left := limit
	if limit > 0 {
		left = max(limit-time.Since(began), time.Millisecond)
	}
	const farAway = 5 * time.Second
	deadline, ok := ctx.Deadline()
	if !ok {
		return left
	}
	until := time.Until(deadline)
	if until > farAway && (left == 0 || until-time.Second < left) {
		left = until - time.Second
	}
	return left
}

// An outcome is the result of one route.
type outcome[T any] struct {
	index int // of the route in Trackers.routes
	value T
	err   error
}

// askRoutes calls ask for every route concurrently and yields each outcome when it is
// there. After the first success the others have grace time left. When the loop ends,
// the remaining calls are canceled. All have returned when the iterator returns.
func askRoutes[T any](ctx context.Context, calls []routeCall, grace time.Duration, ask func(context.Context, routeCall) (T, error)) iter.Seq[outcome[T]] {
	return func(yield func(outcome[T]) bool) {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		outcomes := make(chan outcome[T], len(calls))
		for _, c := range calls {
			go func() {
				v, err := ask(ctx, c)
				if err != nil && context.Cause(ctx) == errLate {
					err = errLate
				}
				outcomes <- outcome[T]{c.index, v, err}
			}()
		}
		var late *time.Timer
		going := true
		for range calls {
			o := <-outcomes
			if going && !yield(o) {
				going = false
				cancel(nil)
			}
			if o.err == nil && late == nil {
				late = time.AfterFunc(grace, func() { cancel(errLate) })
			}
		}
		if late != nil {
			late.Stop()
		}
	}
}

// errLate is the error of a route that took much longer than another.
var errLate = fmt.Errorf("no answer in time in this family, but in the other: %w", os.ErrDeadlineExceeded)
