// Package interrupt ends reads and writes that block when the program is to end.
package interrupt

import "context"

// Await returns what f returns, or the error of ctx if ctx is done first. Then f goes on
// until the process ends, so it may only read.
func Await[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var zero T
		return zero, ctx.Err()
	}
}
