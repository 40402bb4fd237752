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

// A call is one Announce under way, and what the suite has seen of it.
type call struct {
	a        swarm.Announcement
	calledAt time.Time
	cancel   context.CancelFunc
	done     chan struct{} // closed when Announce has returned
	answer   swarm.Answer  // valid once done is closed, as is err
	err      error

	mu     sync.Mutex
	over   bool  // Announce has returned
	broken error // what the first wrong call of found broke
}

// start calls Announce and returns without waiting for it.
func start(ctx context.Context, s swarm.PeerSource, a swarm.Announcement) *call {
	ctx, cancel := context.WithCancel(ctx)
	c := &call{a: a, calledAt: time.Now(), cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		defer cancel()
		c.answer, c.err = s.Announce(ctx, a, c.found)
		c.mu.Lock()
		c.over = true
		c.mu.Unlock()
	}()
	return c
}

func (c *call) found(p swarm.Address) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken != nil {
		return
	}
	switch {
	case c.over:
		c.broken = c.errorf("found was called after Announce had returned")
	case !p.IsValid() || p.Port() == 0:
		c.broken = c.errorf("found was called with %v: want a valid address whose port is not 0", p.AddrPort)
	}
}

// foundError returns what the first wrong call of found broke.
func (c *call) foundError() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.broken
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
		timeout := time.NewTimer(limit - time.Since(c.calledAt))
		defer timeout.Stop()
		select {
		case <-c.done:
		case <-timeout.C:
			c.cancel()
			return c.errorf("Announce returned neither an answer nor an error within %v", limit)
		}
	}
	if err := c.foundError(); err != nil {
		return err
	}
	return c.sane()
}

// sane checks the answer, whose numbers must make sense also beside an error.
func (c *call) sane() error {
	a := c.answer
	switch {
	case a.Next < 0:
		return c.errorf("Answer.Next is %v: want the time until the next announce, or 0 for never", a.Next)
	case a.Min < 0:
		return c.errorf("Answer.Min is %v: want 0 or more", a.Min)
	case a.Next > 0 && a.Next < a.Min:
		return c.errorf("Answer.Next is %v, less than Answer.Min, which is %v: want 0, or Answer.Min or more", a.Next, a.Min)
	case a.Seeds < -1, a.Leechers < -1:
		return c.errorf("the answer counts %d seeds and %d leechers: want 0 or more, or -1 for unknown", a.Seeds, a.Leechers)
	}
	return nil
}

// gaveUp checks that the call, whose context has just ended, returns before any time
// passes, with an error that matches or none, and leaves no more goroutines than
// there were before. A negative number of goroutines says that the call had returned
// before its context ended: then error and goroutines are not checked.
func (c *call) gaveUp(ctx context.Context, goroutinesBefore int) error {
	since := time.Now()
	if err := c.wait(); err != nil {
		return err
	}
	if waited := time.Since(since); waited > 0 {
		return c.errorf("Announce went on for %v after its context had ended: want it to return at once", waited)
	}
	if goroutinesBefore < 0 {
		return nil
	}
	matches := errors.Is(c.err, ctx.Err()) || errors.Is(c.err, context.Cause(ctx))
	if c.err != nil && !matches {
		return c.errorf("the error %q does not match that of the context: want %q or %q", c.err, ctx.Err(), context.Cause(ctx))
	}
	if now := goroutines(); now > goroutinesBefore {
		return c.errorf("%d goroutines are left of a call whose context has ended: want none", now-goroutinesBefore)
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

// goroutines returns the number of goroutines in the caller's bubble. It waits until
// all others are blocked, because a running one may be outside the bubble for a
// moment. It counts them in a dump of all stacks, whose headers name the bubble,
// because the runtime offers no other way. If the headers look different it always
// returns 0; then only the end of the bubble shows which goroutines are left.
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
