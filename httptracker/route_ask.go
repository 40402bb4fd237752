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

// An outcome is what came of one route.
type outcome[T any] struct {
	route int // its index
	value T
	err   error
}

// askRoutes asks on every route at once, and yields what came of each, as it
// comes. When one has answered, the others get grace. When the loop is left,
// every ask is canceled, and has ended before the iterator returns.
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
var errLate = fmt.Errorf("later than another address: %w", os.ErrDeadlineExceeded)

// A routesError is what went wrong on each of several routes.
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

// joinRoutes makes one error of those of each route, and nil of none. That a
// tracker has no address of a family is worth telling only if it has none at
// all.
func joinRoutes(ctx context.Context, errs []error) error {
	if ctx.Err() != nil && len(errs) > 0 {
		return ctx.Err()
	}
	var told routesError
	for _, err := range errs {
		var none *net.AddrError
		if !errors.As(err, &none) {
			told = append(told, err)
		}
	}
	if len(told) == 0 {
		told = errs
	}
	switch len(told) {
	case 0:
		return nil
	case 1:
		return told[0]
	}
	return told
}
