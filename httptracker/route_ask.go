package httptracker

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"os"
	"strings"
	"time"
)

// An outcome is the result of one route.
type outcome[T any] struct {
	route int // its index
	value T
	err   error
}

// askRoutes calls ask for every route concurrently and yields each outcome when it is
// there. After the first success the others have grace time left. When the loop ends,
// the remaining calls are canceled. All have returned when the iterator returns.
func askRoutes[T any](ctx context.Context, routes []route, grace time.Duration, ask func(context.Context, int, route) (T, error)) iter.Seq[outcome[T]] {
	return func(yield func(outcome[T]) bool) {
		if len(routes) == 1 {
			v, err := ask(ctx, 0, routes[0])
			yield(outcome[T]{0, v, err})
			return
		}
		ctx, cancel := context.WithCancelCause(ctx)
		outcomes := make(chan outcome[T])
		for i, r := range routes {
			go func() {
				v, err := ask(ctx, i, r)
				if err != nil && context.Cause(ctx) == errLate {
					err = errLate
				}
				outcomes <- outcome[T]{i, v, err}
			}()
		}
		var late *time.Timer
		going := true
		for range routes {
			o := <-outcomes
			if going && !yield(o) {
				going = false
				cancel(nil)
			}
			if o.err == nil && late == nil {
				late = time.AfterFunc(grace, func() { cancel(errLate) })
			}
		}
		cancel(nil)
		if late != nil {
			late.Stop()
		}
	}
}

// errLate is the error of a route that took much longer than another.
var errLate = fmt.Errorf("no answer in time from this address, but from another: %w", os.ErrDeadlineExceeded)

// A routesError holds the errors of several routes.
type routesError []error

func (e routesError) Error() string {
	var b strings.Builder
	for i, err := range e {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(err.Error())
	}
	return b.String()
}

func (e routesError) Unwrap() []error { return e }

// joinRoutes combines the errors of the routes; nil if there are none. It leaves out
// that the tracker has no address of one family, unless that is the only error.
func joinRoutes(ctx context.Context, errs []error) error {
	if ctx.Err() != nil && len(errs) > 0 {
		return ctx.Err()
	}
	var shown routesError
	for _, err := range errs {
		var none *net.AddrError
		if !errors.As(err, &none) {
			shown = append(shown, err)
		}
	}
	if len(shown) == 0 {
		shown = errs
	}
	switch len(shown) {
	case 0:
		return nil
	case 1:
		return shown[0]
	}
	return shown
}
