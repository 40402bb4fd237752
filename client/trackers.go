package client

import (
	"fmt"
	"slices"
	"sync"

	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/swarm"
)

// trackers are the trackers of a torrent.
type trackers struct {
	userAgent string // that they see; empty means the client's; set before there are any

	mu      sync.Mutex         // guards what follows; held while the engine takes a turn
	own     *httptracker.Tiers // nil for none
	extra   *httptracker.Tiers // of Config.Announce; nil for none
	changed bool               // own are not those of the metainfo
	unsaved bool               // SetTrackers was called
}

// newTiers makes a source of tiers of trackers. A tracker that fails often is reported
// with one Warning, see Config.TrackerErrors.
func (t *Torrent) newTiers(urls [][]string) *httptracker.Tiers {
	open := t.client.newTracker
	if t.trackers.userAgent != "" {
		config := t.client.config.Tracker
		config.UserAgent = t.trackers.userAgent
		open = newTrackerFunc(config)
	}
	return httptracker.NewTiers(urls, httptracker.TiersConfig{
		Open:      open,
		Threshold: t.client.config.TrackerErrors,
		Failing: func(s httptracker.Status) {
			t.emitWarning(fmt.Errorf("%d errors of a tracker in a row; check its address or replace it; the last error: %w", s.Errors, s.Err))
		},
	})
}

// newTrackerFunc returns a function that makes trackers, which share a Config.
func newTrackerFunc(c httptracker.Config) func(url string) (swarm.PeerSource, error) {
	trackers := httptracker.NewTrackers(c)
	return func(url string) (swarm.PeerSource, error) { return trackers.New(url) }
}

// countURLs returns the number of URLs.
func countURLs(tiers [][]string) (n int) {
	for _, tier := range tiers {
		n += len(tier)
	}
	return n
}

// A Tracker is the state of a tracker. Its URL shows no passkey.
type Tracker struct {
	httptracker.Status

	// Extra says that it is one of Config.Announce.
	Extra bool
}

// Trackers returns the state of each tracker, in the order in which they are tried.
// Those of Config.Announce come last; they are tried independently. The slice is the
// caller's.
func (t *Torrent) Trackers() (all []Tracker) {
	t.trackers.mu.Lock()
	own, extra := t.trackers.own, t.trackers.extra
	t.trackers.mu.Unlock()
	if own != nil {
		for _, s := range own.Status() {
			all = append(all, Tracker{Status: s})
		}
	}
	if extra != nil {
		for _, s := range extra.Status() {
			all = append(all, Tracker{Status: s, Extra: true})
		}
	}
	return all
}

// AnnounceURLs returns the tiers of the torrent's trackers, without those of
// Config.Announce, for SetTrackers. The URLs are complete, including passkeys.
func (t *Torrent) AnnounceURLs() [][]string {
	t.trackers.mu.Lock()
	defer t.trackers.mu.Unlock()
	if t.trackers.own == nil {
		return nil
	}
	return t.trackers.own.URLs()
}

// SetTrackers replaces the tiers of trackers, and announces to the new ones. The record
// keeps them. Nil restores the trackers of the metainfo.
func (t *Torrent) SetTrackers(tiers [][]string) error {
	if err := t.checkOpen(); err != nil {
		return err
	}
	changed := tiers != nil
	if !changed {
		meta, err := t.Metainfo()
		if err != nil {
			return err
		}
		tiers = meta.Tiers
	}
	k := &t.trackers
	k.mu.Lock()
	defer k.mu.Unlock()
	k.changed, k.unsaved = changed, true
	switch {
	case k.own == nil && countURLs(tiers) > 0:
		k.own = t.newTiers(tiers)
		t.engine.AddSource(k.own)
	case k.own != nil && countURLs(tiers) == 0:
		t.engine.RemoveSource(k.own)
		k.own = nil
	case k.own != nil:
		k.own.Set(tiers)
		t.engine.Announce()
	}
	return nil
}

// hasUnsaved reports whether SetTrackers was called.
func (k *trackers) hasUnsaved() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.unsaved
}

// tiersToSave returns the tiers to remember, or nil for those of the metainfo.
func (k *trackers) tiersToSave() [][]string {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case !k.changed:
		return nil
	case k.own == nil:
		return [][]string{}
	}
	tiers := k.own.URLs()
	for _, tier := range tiers {
		slices.Sort(tier) // the order of a tier changes with each answer
	}
	return tiers
}
