package httptracker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// Announce implements swarm.PeerSource. If no tracker answered, the error matches the
// errors of all trackers that were tried. See https://www.bittorrent.org/beps/bep_0012.html.
func (t *Tiers) Announce(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	if a.Event == swarm.Stopped {
		return t.announceStopped(ctx, a, found)
	}
	if err := ctx.Err(); err != nil {
		return unknownAnswer(), err
	}
	outer, started := ctx, time.Now()
	if t.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.timeout)
		defer cancel()
	}
	var errs tiersError
	due := t.due(started)
	for i, k := range due {
		if t.timeout > 0 && i > 0 && time.Since(started) > t.timeout*3/4 {
			// The remaining time is too short for the next tracker.
			t.markUnreached(due[i:])
			errs = append(errs, fmt.Errorf("httptracker: there was no time for %d more trackers; the next announce tries them first", len(due)-i))
			break
		}
		answer, err := t.announceTo(outer, ctx, k, i < len(due)-1, a, found)
		if err == nil {
			answer.Tracker = Redact(k.url)
			return answer, nil
		}
		if outer.Err() != nil {
			return swarm.Answer{Next: answer.Next, Min: answer.Min, Seeds: -1, Leechers: -1}, outer.Err()
		}
		errs = append(errs, err)
	}
	if len(errs) == 0 {
		errs = t.unusable()
	}
	answer := unknownAnswer()
	answer.Next, answer.Min = t.next(time.Now())
	return answer, errs
}

var errNoTracker = errors.New("httptracker: no tracker may be asked now")

// unusable returns why no tracker was asked. If none can ever be used, it says why not of
// each, such as a *SchemeError.
func (t *Tiers) unusable() tiersError {
	t.mu.Lock()
	defer t.mu.Unlock()
	var errs tiersError
	for _, tier := range t.tiers {
		for _, k := range tier {
			if k.source != nil {
				return tiersError{errNoTracker}
			}
			err := k.err
			var scheme *SchemeError
			if errors.As(err, &scheme) {
				err = scheme // without the prefix, which the line below adds
			}
			errs = append(errs, fmt.Errorf("httptracker: announce %s: %w", Redact(k.url), err))
		}
	}
	if len(errs) == 0 {
		errs = append(errs, errNoTracker)
	}
	return errs
}

// markUnreached has trackers tried first by the next announce, because there was no time for
// them. Otherwise slow ones before them could keep them from being asked for ever.
func (t *Tiers) markUnreached(trackers []*member) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, k := range trackers {
		k.unreached = true
	}
}

// due returns the trackers to try now, in order: those whose back-off is over, or if
// there are none, those that did not ask for a longer wait. Those that the last announce
// did not reach come first.
func (t *Tiers) due(now time.Time) []*member {
	t.mu.Lock()
	defer t.mu.Unlock()
	var due, early []*member
	for _, tier := range t.tiers {
		for _, k := range tier {
			switch {
			case k.never:
			case k.err == nil || !now.Before(k.next):
				due = append(due, k)
			case !now.Before(k.notBefore):
				early = append(early, k)
			}
		}
	}
	if len(due) == 0 {
		due = early
	}
	slices.SortStableFunc(due, func(a, b *member) int { return boolInt(b.unreached) - boolInt(a.unreached) })
	return due
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// next returns how long until the first tracker is due, and how long until one may be
// asked on request; 0 if there is none.
func (t *Tiers) next(now time.Time) (next, least time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, tier := range t.tiers {
		for _, k := range tier {
			if k.never {
				continue
			}
			due, early := max(k.next.Sub(now), time.Second), max(k.notBefore.Sub(now), time.Second)
			if next == 0 {
				next, least = due, early
			}
			next, least = min(next, due), min(least, early)
		}
	}
	return next, min(next, least)
}

// announceTo announces to one tracker and records the result, unless the caller's
// context ended the announce. hasNext says that another tracker can be asked instead.
func (t *Tiers) announceTo(outer, ctx context.Context, k *member, hasNext bool, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	peers := 0
	t.mu.Lock()
	k.unreached = false
	if !slices.Contains(k.registered, a.Swarm) {
		k.registered = append(k.registered, a.Swarm)
	}
	t.mu.Unlock()
	announce := k.source.Announce
	once, ok := k.source.(OnceAnnouncer)
	if ok && hasNext {
		announce = once.AnnounceOnce
	}
	answer, err := announce(ctx, a, func(p swarm.Address) {
		peers++
		found(p)
	})
	if err != nil && outer.Err() != nil {
		return answer, err
	}
	failing, status := t.recordResult(k, answer, err, peers)
	if failing && t.failing != nil {
		t.failing(status)
	}
	return answer, err
}

// A tiersError holds the errors of the trackers that were tried.
type tiersError []error

func (e tiersError) Error() string {
	const limit = 5
	var b strings.Builder
	for i, err := range e {
		if i == limit {
			fmt.Fprintf(&b, "; and %d more", len(e)-limit)
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(err.Error())
	}
	return b.String()
}

func (e tiersError) Unwrap() []error { return e }
