package sourcetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A call is one Announce under way, and what was seen of it.
type call struct {
	a      swarm.Announcement
	since  time.Time // when Announce was called
	cancel context.CancelFunc
	done   chan struct{} // closed when Announce has returned
	answer swarm.Answer  // valid once done is closed, as is err
	err    error

	mu     sync.Mutex
	closed bool  // Announce has returned
	fault  error // the first rule that found saw broken
}

// start calls Announce and returns without waiting for it.
func start(ctx context.Context, s swarm.PeerSource, a swarm.Announcement) *call {
	ctx, cancel := context.WithCancel(ctx)
	c := &call{a: a, since: time.Now(), cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		defer cancel()
		c.answer, c.err = s.Announce(ctx, a, c.found)
		c.mu.Lock()
		c.closed = true
		c.mu.Unlock()
	}()
	return c
}

func (c *call) found(p swarm.Address) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fault != nil {
		return
	}
	switch {
	case c.closed:
		c.fault = c.errorf("found was called after Announce had returned")
	case !p.IsValid() || p.Port() == 0:
		c.fault = c.errorf("found was called with %v, where nobody can be met", p.AddrPort)
	}
}

// broken returns the first rule that found saw broken.
func (c *call) broken() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fault
}

// returned reports whether Announce has returned.
func (c *call) returned() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// wait waits for Announce to return, until limit has passed since it was called,
// and checks the answer.
func (c *call) wait() error {
	synctest.Wait()
	if !c.returned() {
		timeout := time.NewTimer(limit - time.Since(c.since))
		defer timeout.Stop()
		select {
		case <-c.done:
		case <-timeout.C:
			c.cancel()
			return c.errorf("Announce gave neither an answer nor an error within %v", limit)
		}
	}
	if err := c.broken(); err != nil {
		return err
	}
	return c.sane()
}

// sane checks the answer, which must be in order also beside an error.
func (c *call) sane() error {
	a := c.answer
	switch {
	case a.Next < 0:
		return c.errorf("Answer.Next is %v: want a time to come, or 0 for never", a.Next)
	case a.Min < 0:
		return c.errorf("Answer.Min is %v: want 0 or more", a.Min)
	case a.Next > 0 && a.Next < a.Min:
		return c.errorf("Answer.Next is %v, sooner than Answer.Min, %v", a.Next, a.Min)
	case a.Seeds < -1, a.Leechers < -1:
		return c.errorf("the swarm has %d seeds and %d leechers: want counts, or -1 for unknown", a.Seeds, a.Leechers)
	}
	return nil
}

// gaveUp checks that the call, whose context has just ended, ends without time
// passing and leaves no more goroutines than there were; a negative number
// there asks nothing.
func (c *call) gaveUp(ctx context.Context, goroutinesBefore int) error {
	since := time.Now()
	if err := c.wait(); err != nil {
		return err
	}
	if waited := time.Since(since); waited > 0 {
		return c.errorf("Announce went on for %v after its context had ended", waited)
	}
	if c.err != nil && ctx.Err() != nil && goroutinesBefore >= 0 && !errors.Is(c.err, ctx.Err()) && !errors.Is(c.err, context.Cause(ctx)) {
		return c.errorf("the error %q does not match that of the context, %q", c.err, ctx.Err())
	}
	if goroutinesBefore < 0 {
		return nil
	}
	if now := goroutines(); now > goroutinesBefore {
		return c.errorf("%d goroutines are left of a call whose context has ended", now-goroutinesBefore)
	}
	return nil
}

func (c *call) errorf(format string, args ...any) error {
	event := c.a.Event.String()
	if event == "" {
		event = "none"
	}
	return fmt.Errorf("announce with event %s: "+format, append([]any{event}, args...)...)
}

// goroutines returns the number of goroutines in the bubble of the caller, once all
// others are blocked: while they run, some are out of the bubble at times. It
// counts them in a dump of all stacks, whose headers name the bubble, as the
// runtime tells it in no other way. Where the headers look different it returns
// 0 each time; then only the end of the bubble shows what is left.
func goroutines() int {
	synctest.Wait()
	stacks := make([]byte, 64<<10)
	for {
		n := runtime.Stack(stacks, true)
		if n < len(stacks) {
			stacks = stacks[:n]
			break
		}
		stacks = make([]byte, 2*len(stacks))
	}
	// The caller's own stack comes first: "goroutine 9 [running, synctest bubble 8]:".
	header, _, _ := bytes.Cut(stacks, []byte("\n"))
	_, bubble, ok := bytes.Cut(header, []byte("synctest bubble "))
	if !ok {
		return 0
	}
	return bytes.Count(stacks, append([]byte("synctest bubble "), bubble...))
}
