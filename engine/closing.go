package engine

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
)

// A closing is a Close of a torrent, under way or done.
type closing struct {
	began chan struct{} // closed when last is what was known when Close began
	done  chan struct{} // closed when Close is done

	mu   sync.Mutex
	last lastState
}

// lastState is what is known of a torrent that is closed.
type lastState struct {
	stats   Stats
	pieces  swarm.Bitfield
	spilled map[int][]int
	wants   wants
	err     error // of Close
}

// save records the last state.
func (c *closing) save(now time.Time, s *protocol.State, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = lastState{s.Stats(now), s.Pieces(), s.Spilled(), wantsOf(s), err}
}

// lastFigures returns the last state. While Close is under way it is that of its
// beginning, so that nobody waits for slow sources.
func (t *Torrent) lastFigures() lastState {
	c := t.closing.Load()
	<-c.began
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// Close announces that we stopped, ends all connections, writes the blocks of partial
// pieces that are in memory, syncs the Storage and closes it. Its error is the Storage's.
func (t *Torrent) Close() error {
	c := &closing{began: make(chan struct{}), done: make(chan struct{})}
	if !t.closing.CompareAndSwap(nil, c) {
		c = t.closing.Load()
		<-c.done
		return c.last.err
	}
	t.beginClose(c)
	t.engine.announcer.Abort(&t.sources)
	t.engine.sockets.ForgetDials(t.owner())
	t.mailbox.Wait() // from here on nothing runs for the torrent
	t.engine.deadlines.Set(&t.deadline, time.Time{})
	t.engine.announcer.Forget(&t.sources)
	t.engine.unregister(t)
	t.leaveSwarms()
	err := t.finish(c)
	t.quota.Close()
	if t.config.Events&OnRemoved != 0 {
		t.engine.hub.Emit(Removed{t.ID()})
	}
	close(c.done)
	return err
}

// beginClose posts the last items that come from outside: from now on only the torrent's
// tasks post.
func (t *Torrent) beginClose(c *closing) {
	save := func(now time.Time, s *protocol.State) { c.save(now, s, nil) }
	t.mailbox.Close(
		item{input: protocol.Close{}},
		item{call: &call{query: save, done: c.began}},
	)
}

// finish drops the blocks that could not be written and closes the Storage.
func (t *Torrent) finish(c *closing) error {
	now := time.Now()
	t.state.Apply(now, protocol.Finish{})
	turn := t.state.Settle(now)
	for _, e := range turn.Effects {
		t.perform(e)
	}
	err := errors.Join(t.state.LateErr(), t.store.Close())
	if err != nil {
		err = fmt.Errorf("engine: closing %s: %w", t.ID(), err)
	}
	c.save(now, t.state, err)
	return err
}

// Close closes the listeners and all torrents, and waits until every goroutine
// of the engine has ended. Its error joins those of the torrents.
func (e *Engine) Close() error {
	all, first := e.beginClose()
	if !first {
		<-e.done
		return nil
	}
	e.acceptor.Close()
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, t := range all {
		wg.Go(func() { errs[i] = t.Close() })
	}
	wg.Wait()
	if e.ownsConnector {
		e.connector.Close()
	}
	e.announcer.Close()
	e.deadlines.Close()
	e.verifiers.Close()
	e.hub.Close()
	close(e.done)
	return errors.Join(errs...)
}

// beginClose refuses new torrents from now on, and returns those there are. It reports
// false if Close was called before.
func (e *Engine) beginClose() (all []*Torrent, first bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, false
	}
	e.closed = true
	return append(all, e.order...), true
}
