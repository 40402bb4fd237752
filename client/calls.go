package client

import (
	"context"
	"errors"
	"fmt"
)

// beginCall counts a call that Close waits for, until endCall.
func (c *Client) beginCall() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	c.calls.Add(1)
	return nil
}

func (c *Client) endCall() { c.calls.Done() }

// callContext returns a context that also ends when Close begins.
func (c *Client) callContext(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	release := context.AfterFunc(c.closeCtx, func() { cancel(ErrClosed) })
	return ctx, func() {
		release()
		cancel(nil)
	}
}

// withCause adds why ctx ended to an error that only says that it did.
func withCause(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if cause == nil || errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w: %w", cause, err)
}

// optional returns the one element of options, or the zero value if there is none.
func optional[T any](options []T) (o T, err error) {
	switch len(options) {
	case 0:
		return o, nil
	case 1:
		return options[0], nil
	}
	return o, errors.New("more than one set of options; pass one at most")
}
