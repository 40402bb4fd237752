package httptracker

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// maxStops is the number of concurrent announces of Stopped.
const maxStops = 8

// announceStopped announces Stopped to each tracker that may have us registered in a
// swarm. It does so concurrently, because the caller has little time left.
func (t *Tiers) announceStopped(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	trackers := t.takeRegistered(a.Swarm)
	if len(trackers) == 0 {
		return unknownAnswer(), ctx.Err()
	}
	if t.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.timeout)
		defer cancel()
	}
	type outcome struct {
		answer swarm.Answer
		err    error
	}
	outcomes := make([]outcome, len(trackers))
	var mu sync.Mutex // found is called by one goroutine at a time
	var running sync.WaitGroup
	slots := make(chan struct{}, maxStops)
	for i, k := range trackers {
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			o := &outcomes[i]
			o.answer, o.err = k.source.Announce(ctx, a, func(p swarm.Address) {
				mu.Lock()
				defer mu.Unlock()
				found(p)
			})
		})
	}
	running.Wait()
	answer := unknownAnswer()
	var errs tiersError
	for _, o := range outcomes {
		if o.err != nil {
			errs = append(errs, o.err)
		} else {
			answer = o.answer
		}
	}
	switch {
	case len(errs) == 0:
		return answer, nil
	case ctx.Err() != nil:
		return answer, ctx.Err()
	}
	return answer, errs
}

// takeRegistered returns the trackers that id was announced to, those without errors
// first, and forgets that it was announced. So the next announce starts again with all
// trackers.
func (t *Tiers) takeRegistered(id swarm.ID) []*member {
	t.mu.Lock()
	defer t.mu.Unlock()
	var trackers []*member
	for _, tier := range append(slices.Clone(t.tiers), t.removed) {
		for _, k := range tier {
			if i := slices.Index(k.registered, id); i >= 0 {
				k.registered = slices.Delete(k.registered, i, i+1)
				trackers = append(trackers, k)
			}
			if k.source != nil {
				k.never, k.next = false, time.Time{}
			}
		}
	}
	slices.SortStableFunc(trackers, func(a, b *member) int { return min(a.errors, 1) - min(b.errors, 1) })
	t.removed = slices.DeleteFunc(t.removed, func(k *member) bool { return len(k.registered) == 0 })
	return trackers
}
