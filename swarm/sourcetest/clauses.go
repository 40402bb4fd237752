package sourcetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// limit is how long Announce may take, whatever the other end does.
const limit = time.Minute

// moments are the times after its start at which a call is canceled: before there can
// be a connection, and while the source waits for an answer.
var moments = []time.Duration{0, time.Millisecond, 100 * time.Millisecond, time.Second, 4 * time.Second}

// errGaveUp is the cause of cancelations, which a source may return.
var errGaveUp = errors.New("the test gave up")

// leecher returns an announcement as a running download sends it.
func leecher(swarmNumber byte, event swarm.Event) swarm.Announcement {
	return swarm.Announcement{
		Swarm:      swarm.ID{0: swarmNumber, 1: 0xff, 2: '&', 3: ' ', 4: '%', 19: '='},
		Peer:       swarm.PeerID{0: '-', 1: 'S', 2: 'H', 19: swarmNumber},
		Port:       6881,
		Event:      event,
		Want:       50,
		Uploaded:   1 << 20,
		Downloaded: 2 << 20,
		Left:       3 << 20,
	}
}

// answers: each event by itself gets an answer or an error in time.
func answers(s swarm.PeerSource) error {
	for i, event := range []swarm.Event{swarm.Started, swarm.None, swarm.Completed, swarm.Paused, swarm.Stopped} {
		c := start(context.Background(), s, leecher(byte(i), event))
		if err := c.wait(); err != nil {
			return err
		}
	}
	return nil
}

// answersOdd: extreme announcements that a torrent may make get an answer or an
// error in time.
func answersOdd(s swarm.PeerSource) error {
	odd := map[string]func(*swarm.Announcement){
		"a magnet link, whose size is unknown": func(a *swarm.Announcement) { a.Left = -1 },
		"a seed that wants nobody":             func(a *swarm.Announcement) { a.Left, a.Want = 0, 0 },
		"no port":                              func(a *swarm.Announcement) { a.Port = 0 },
		"large numbers": func(a *swarm.Announcement) {
			a.Uploaded, a.Downloaded, a.Left, a.Want = math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt32
		},
		"nothing but zeros": func(a *swarm.Announcement) { *a = swarm.Announcement{Event: swarm.Started} },
	}
	number := byte(0)
	for name, change := range odd {
		number++
		a := leecher(number, swarm.Started)
		change(&a)
		c := start(context.Background(), s, a)
		if err := c.wait(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// session: the announces of a complete download get an answer or an error, one after
// the other, at the times that the source asked for, and again after Stopped.
func session(s swarm.PeerSource) error {
	for range 2 {
		for _, event := range []swarm.Event{swarm.Started, swarm.None, swarm.None, swarm.Completed, swarm.None, swarm.Stopped} {
			a := leecher(1, event)
			if event == swarm.Stopped {
				a.Want = 0
			}
			c := start(context.Background(), s, a)
			if err := c.wait(); err != nil {
				return err
			}
			time.Sleep(max(c.answer.Min, c.answer.Next, time.Second))
		}
	}
	return nil
}

// stoppedAlone: Stopped gets an answer or an error if Started never came.
func stoppedAlone(s swarm.PeerSource) error {
	a := leecher(1, swarm.Stopped)
	a.Want = 0
	c := start(context.Background(), s, a)
	return c.wait()
}

// concurrentSwarms: calls for several swarms may overlap, and each gets an answer or
// an error in time.
func concurrentSwarms(s swarm.PeerSource) error {
	for _, event := range []swarm.Event{swarm.Started, swarm.None, swarm.Completed, swarm.Stopped} {
		var calls []*call
		for i := range 8 {
			calls = append(calls, start(context.Background(), s, leecher(byte(i), event)))
		}
		var err error
		for _, c := range calls {
			err = errors.Join(err, c.wait())
		}
		if err != nil {
			return err
		}
		time.Sleep(time.Second)
	}
	return nil
}

// doneBefore: a call whose context is done already returns at once.
func doneBefore(s swarm.PeerSource) error {
	for i, event := range []swarm.Event{swarm.Started, swarm.None, swarm.Stopped} {
		before := goroutines()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		c := start(ctx, s, leecher(byte(i), event))
		if err := c.gaveUp(ctx, before); err != nil {
			return fmt.Errorf("context done before the call: %w", err)
		}
	}
	return nil
}

// canceledMeanwhile: a call that is canceled returns at once, with a matching error,
// and leaves no goroutine.
func canceledMeanwhile(s swarm.PeerSource) error {
	for i, moment := range moments {
		for _, event := range []swarm.Event{swarm.Started, swarm.Stopped} {
			before := goroutines()
			ctx, cancel := context.WithCancelCause(context.Background())
			c := start(ctx, s, leecher(byte(i), event))
			time.Sleep(moment)
			synctest.Wait()
			if c.returned() {
				before = -1 // It may keep a connection for the next call.
			}
			cancel(errGaveUp)
			if err := c.gaveUp(ctx, before); err != nil {
				return fmt.Errorf("context canceled %v after the call: %w", moment, err)
			}
		}
	}
	return nil
}

// deadline: a call whose context has a deadline returns then, in the same way.
func deadline(s swarm.PeerSource) error {
	// Not a round number, because a source that gives up by itself may do so at one.
	const after = 2*time.Second - 17*time.Microsecond
	before := goroutines()
	ctx, cancel := context.WithTimeout(context.Background(), after)
	defer cancel()
	c := start(ctx, s, leecher(1, swarm.Started))
	time.Sleep(after - time.Nanosecond)
	synctest.Wait()
	if c.returned() {
		before = -1
	}
	time.Sleep(time.Nanosecond)
	return c.gaveUp(ctx, before)
}

// usableAfterCancel: a call that was cut short does not hinder the next one.
func usableAfterCancel(s swarm.PeerSource) error {
	ctx, cancel := context.WithCancel(context.Background())
	c := start(ctx, s, leecher(1, swarm.Started))
	cancel()
	if err := c.gaveUp(ctx, -1); err != nil {
		return err
	}
	c = start(context.Background(), s, leecher(1, swarm.Started))
	return c.wait()
}

// silentAfterwards: found is never called after Announce has returned, with an answer
// or because it was canceled.
func silentAfterwards(s swarm.PeerSource) error {
	var calls []*call
	for i, moment := range append(moments, limit) {
		ctx, cancel := context.WithCancel(context.Background())
		c := start(ctx, s, leecher(byte(i), swarm.Started))
		time.Sleep(moment)
		cancel()
		if err := c.wait(); err != nil {
			return err
		}
		calls = append(calls, c)
	}
	time.Sleep(time.Hour)
	synctest.Wait()
	for _, c := range calls {
		if err := c.foundError(); err != nil {
			return err
		}
	}
	return nil
}
