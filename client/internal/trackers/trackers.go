// Package trackers has the trackers of a torrent: its own, and those that all torrents use.
//
// In come tiers of announce URLs; out go sources of peers, the state of each tracker, and the
// tiers to remember. They stay the same when the metadata of a torrent has come. Not
// here: how trackers are asked.
package trackers

import (
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/swarm"
)

// A Config says how trackers are made. Torrents can share one, which does not change.
type Config struct {
	Open      func(url string) (swarm.PeerSource, error) // makes one
	Extra     []string                                   // URLs that all torrents but private ones use
	Threshold int                                        // errors in a row after which Warn is called; as httptracker.TiersConfig has it
	Warn      func(torrent swarm.ID, err error)          // gets what the user should know of a tracker
}

// A Set is the trackers of a torrent. Its methods may be called concurrently.
type Set struct {
	config  *Config
	torrent swarm.ID

	mu      sync.Mutex         // guards what follows; held while the engine takes a turn
	changed bool               // own are not those of the metainfo
	unsaved bool               // they changed since the start
	own     *httptracker.Tiers // nil for none
	extra   *httptracker.Tiers // of Config.Extra; nil for none
	custom  []swarm.PeerSource // in place of these; nil for none
}

// New returns a Set without trackers, of a torrent.
func New(torrent swarm.ID, c *Config) *Set { return &Set{torrent: torrent, config: c} }

// Own returns the torrent's own trackers as one source, or nil if there are none.
func (k *Set) Own() swarm.PeerSource {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.own == nil {
		return nil
	}
	return k.own
}

// newTiers makes a source of tiers of trackers. A tracker that fails often is reported
// with one warning, see Config.Threshold.
func (k *Set) newTiers(urls [][]string) *httptracker.Tiers {
	return httptracker.NewTiers(urls, httptracker.TiersConfig{
		Open:      k.config.Open,
		Threshold: k.config.Threshold,
		Failing: func(s httptracker.Status) {
			k.config.Warn(k.torrent, fmt.Errorf("%d errors of a tracker in a row; check its address or replace it; the last error: %w", s.Errors, s.Err))
		},
	})
}

// Start makes the sources that a torrent starts with, or adapts those that its fetch had.
// changed says that the tiers are not those of the metainfo. A private torrent does not use
// Config.Extra.
func (k *Set) Start(tiers [][]string, changed, private bool) []swarm.PeerSource {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.changed = changed
	urls := k.config.Extra
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
		extra, _ := Add(nil, urls)
		k.extra = k.newTiers(extra)
	}
	return k.sourcesLocked()
}

// Early returns those of the Set's sources in which a tracker that was not asked comes before
// the one that answered last, as when the .torrent file of a link names others than the link.
func (k *Set) Early() (all []swarm.PeerSource) {
	k.mu.Lock()
	own := k.own
	k.mu.Unlock()
	if own == nil {
		return nil
	}
	status := own.Status()
	hasAnswer := slices.ContainsFunc(status, func(s httptracker.Status) bool { return s.Working })
	if !hasAnswer || status[0].Asked.IsZero() {
		all = append(all, own)
	}
	return all
}

// Sources returns the sources that a torrent asks.
func (k *Set) Sources() []swarm.PeerSource {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.sourcesLocked()
}

// sourcesLocked is sources for a caller that holds mu.
func (k *Set) sourcesLocked() []swarm.PeerSource {
	all := slices.Clone(k.custom)
	if k.own != nil {
		all = append(all, k.own)
	}
	if k.extra != nil {
		all = append(all, k.extra)
	}
	return all
}

// SetCustom adds sources that are no trackers of the Set's.
func (k *Set) SetCustom(sources []swarm.PeerSource) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.custom = sources
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

	// Extra says that it is one of Config.Announce of the client.
	Extra bool
}

// Status returns the state of each tracker.
func (k *Set) Status() (all []Tracker) {
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

// URLs returns the torrent's own tiers.
func (k *Set) URLs() [][]string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.own == nil {
		return nil
	}
	return k.own.URLs()
}

// A User asks sources for peers: an engine.Torrent, or the fetch of metadata.
type User interface {
	AddSource(s swarm.PeerSource)
	RemoveSource(s swarm.PeerSource)
	Announce()
}

// A Changed is a User that only hears that something has changed.
type Changed func()

// AddSource says that a source was added.
func (f Changed) AddSource(swarm.PeerSource) { f() }

// RemoveSource says that a source was removed.
func (f Changed) RemoveSource(swarm.PeerSource) { f() }

// Announce says that a source has other trackers.
func (f Changed) Announce() { f() }

// Replace replaces the torrent's own tiers. changed says that they are not those of the metainfo.
func (k *Set) Replace(tiers [][]string, changed bool, user User) {
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

// HasUnsaved reports whether the trackers changed since the start.
func (k *Set) HasUnsaved() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.unsaved
}

// ToSave returns the tiers to remember, or nil for those of the metainfo.
func (k *Set) ToSave() [][]string {
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

// Add returns tiers with a tier for each URL of more that they do not have.
func Add(tiers [][]string, more []string) (all [][]string, added bool) {
	for _, url := range more {
		if !slices.ContainsFunc(tiers, func(tier []string) bool { return slices.Contains(tier, url) }) {
			tiers, added = append(tiers, []string{url}), true
		}
	}
	return tiers, added
}

// Join returns tiers, or if they are nil those of the metainfo, with more URLs. It returns nil if
// that leaves those of the metainfo as they are.
func Join(tiers, own [][]string, more []string) [][]string {
	if tiers != nil {
		own = tiers
	}
	all, added := Add(slices.Clone(own), more)
	if tiers == nil && !added {
		return nil
	}
	return all
}

// Same reports whether two sources are one. Those that cannot be compared, such as a
// swarm.List, are never the same.
func Same(a, b swarm.PeerSource) bool {
	return reflect.TypeOf(a).Comparable() && reflect.TypeOf(b).Comparable() && a == b
}
