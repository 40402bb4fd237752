package client

import (
	"fmt"
	"slices"
	"sync"

	"github.com/shoal-bt/shoal/engine"
	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/swarm"
)

// trackers are the trackers of a torrent. They stay with it when its metadata has come.
type trackers struct {
	client    *Client
	userAgent string      // that they see; empty means the client's
	warn      func(error) // gets what the user should know of a tracker

	mu      sync.Mutex         // guards what follows; held while the engine takes a turn
	own     *httptracker.Tiers // nil for none
	extra   *httptracker.Tiers // of Config.Announce; nil for none
	custom  []swarm.PeerSource // of Config.NewSources, in place of these; nil for none
	changed bool               // own are not those of the metainfo
	unsaved bool               // they changed since the start
}

// newTrackers returns the trackers of a torrent, of which there are none yet.
func (c *Client) newTrackers(id swarm.ID, o AddOptions) *trackers {
	k := &trackers{client: c, warn: func(err error) { c.engine.Report(engine.Warning{Torrent: id, Err: err}) }}
	if o.Engine != nil {
		k.userAgent = o.Engine.UserAgent
	}
	return k
}

// newTiers makes a source of tiers of trackers. A tracker that fails often is reported
// with one Warning, see Config.TrackerErrors.
func (k *trackers) newTiers(urls [][]string) *httptracker.Tiers {
	open := k.client.newTracker
	if k.userAgent != "" {
		config := k.client.config.Tracker
		config.UserAgent = k.userAgent
		open = newTrackerFunc(config)
	}
	return httptracker.NewTiers(urls, httptracker.TiersConfig{
		Open:      open,
		Threshold: k.client.config.TrackerErrors,
		Failing: func(s httptracker.Status) {
			k.warn(fmt.Errorf("%d errors of a tracker in a row; check its address or replace it; the last error: %w", s.Errors, s.Err))
		},
	})
}

// open makes the sources that a torrent starts with, or adapts those that its fetch had. changed says that the tiers are not
// those of the metainfo. A private torrent does not use Config.Announce.
func (k *trackers) open(tiers [][]string, changed, private bool) []swarm.PeerSource {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.changed = changed
	urls := k.client.config.Announce
	switch {
	case countURLs(tiers) == 0:
		k.own = nil
	case k.own == nil:
		k.own = k.newTiers(tiers)
	default: // those of the link
		k.own.Set(tiers)
	}
	switch {
	case private || len(urls) == 0:
		k.extra = nil
	case k.extra == nil:
		extra, _ := addTiers(nil, urls)
		k.extra = k.newTiers(extra)
	}
	return k.sourcesLocked()
}

// sources returns the sources that a torrent asks.
func (k *trackers) sources() []swarm.PeerSource {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.sourcesLocked()
}

// sourcesLocked is sources for a caller that holds mu.
func (k *trackers) sourcesLocked() []swarm.PeerSource {
	all := slices.Clone(k.custom)
	if k.own != nil {
		all = append(all, k.own)
	}
	if k.extra != nil {
		all = append(all, k.extra)
	}
	return all
}

// setCustom sets sources of Config.NewSources.
func (k *trackers) setCustom(sources []swarm.PeerSource) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.custom = sources
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

// status returns the state of each tracker.
func (k *trackers) status() (all []Tracker) {
	k.mu.Lock()
	own, extra := k.own, k.extra
	k.mu.Unlock()
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

// urls returns the torrent's own tiers.
func (k *trackers) urls() [][]string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.own == nil {
		return nil
	}
	return k.own.URLs()
}

// A sourceUser asks sources for peers: an engine.Torrent, or the fetch of metadata.
type sourceUser interface {
	AddSource(s swarm.PeerSource)
	RemoveSource(s swarm.PeerSource)
	Announce()
}

// set replaces the torrent's own tiers. changed says that they are not those of the metainfo.
func (k *trackers) set(tiers [][]string, changed bool, user sourceUser) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.changed, k.unsaved = changed, true
	switch {
	case k.own == nil && countURLs(tiers) > 0:
		k.own = k.newTiers(tiers)
		user.AddSource(k.own)
	case k.own != nil && countURLs(tiers) == 0:
		user.RemoveSource(k.own)
		k.own = nil
	case k.own != nil:
		k.own.Set(tiers)
		user.Announce()
	}
}

// hasUnsaved reports whether the trackers changed since the start.
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

// addTiers returns tiers with a tier for each URL of more that they do not have.
func addTiers(tiers [][]string, more []string) (all [][]string, added bool) {
	for _, url := range more {
		if !slices.ContainsFunc(tiers, func(tier []string) bool { return slices.Contains(tier, url) }) {
			tiers, added = append(tiers, []string{url}), true
		}
	}
	return tiers, added
}

func (t *running) Trackers() []Tracker { return t.trackers.status() }

func (t *running) AnnounceURLs() [][]string { return t.trackers.urls() }

func (t *running) SetTrackers(tiers [][]string) error {
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
	t.trackers.set(tiers, changed, t.engine)
	return nil
}
