package client

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/udptracker"
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
		open = newTrackerFunc(config, t.client.udp)
	}
	return httptracker.NewTiers(urls, httptracker.TiersConfig{
		Open:      open,
		Threshold: t.client.config.TrackerErrors,
		Failing: func(s httptracker.Status) {
			t.emitWarning(fmt.Errorf("%d errors of a tracker in a row; check its address or replace it; the last error: %w", s.Errors, s.Err))
		},
	})
}

// newTrackerFunc returns a function that makes trackers by the scheme of their URL. Those
// of a scheme share what they need. udp is nil if UDP trackers must not be used.
func newTrackerFunc(c httptracker.Config, udp *udptracker.Trackers) func(url string) (swarm.PeerSource, error) {
	http := httptracker.NewTrackers(c)
	return func(url string) (swarm.PeerSource, error) {
		scheme, _, _ := strings.Cut(url, "://")
		switch {
		case !strings.EqualFold(scheme, "udp"):
			return http.New(url)
		case udp == nil:
			return nil, errAroundProxy
		}
		return udp.New(url)
	}
}

var errAroundProxy = errors.New("UDP trackers are not used, because they would go around Config.Tracker.Client or Dial; set Config.UDPTracker.Listen too")

// newUDPTrackers returns what opens UDP trackers; nil if that would go around a proxy.
func newUDPTrackers(c Config) *udptracker.Trackers {
	hasOwnTCP := c.Tracker.Client != nil || c.Tracker.Dial != nil
	hasOwnUDP := c.UDPTracker.Listen != nil || c.UDPTracker.Conn4 != nil || c.UDPTracker.Conn6 != nil
	if hasOwnTCP && !hasOwnUDP {
		return nil
	}
	return udptracker.NewTrackers(c.UDPTracker)
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
