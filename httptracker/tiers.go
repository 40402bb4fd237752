package httptracker

import (
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// Tiers are the trackers of a torrent, as one swarm.PeerSource. Each announce
// goes to the first that answers: the trackers of a tier are tried in random order,
// drawn once, in which one that answered moves to the front; the next tier is
// tried only when all of one failed. Stopped goes to each that may know of us.
// See https://www.bittorrent.org/beps/bep_0012.html.
//
// A tracker that failed is left out until its back-off is over, unless all failed.
// All methods may be called concurrently, but Announce for one swarm.
type Tiers struct {
	open      func(url string) (swarm.PeerSource, error)
	timeout   time.Duration
	threshold int
	failing   func(Status)

	mu      sync.Mutex
	random  rand.PCG
	tiers   [][]*member
	removed []*member // by Set, and not yet told that we stopped
}

// NewTiers makes Tiers of announce URLs, tier by tier. A URL of which no source
// can be made keeps its place, and its Status says why. It touches no network.
func NewTiers(urls [][]string, c TiersConfig) *Tiers {
	c.Timeout = orDefault(c.Timeout, 50*time.Second, 0)
	c.Threshold = orDefault(c.Threshold, 15, 0)
	if c.Seed == 0 {
		c.Seed = rand.Uint64()
	}
	t := &Tiers{open: c.Open, timeout: c.Timeout, threshold: c.Threshold, failing: c.Failing}
	t.random.Seed(c.Seed, 1)
	if t.open == nil {
		trackers := NewTrackers(c.Tracker)
		t.open = func(url string) (swarm.PeerSource, error) { return trackers.New(url) }
	}
	t.Set(urls)
	return t
}

// Set replaces the trackers. Those that stay, also in another tier, keep their
// state; those that go are told of stopped when the others are. The order within
// a tier is drawn anew if the tier changed. Of more than 1,000 URLs the first count.
// Set keeps no slice of urls.
func (t *Tiers) Set(urls [][]string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := make(map[string]*member)
	for _, tier := range t.tiers {
		for _, k := range tier {
			old[k.url] = k
		}
	}
	for _, k := range t.removed {
		old[k.url] = k
	}
	seen := make(map[string]bool)
	var tiers [][]*member
	for _, tier := range urls {
		var trackers []*member
		for _, url := range tier {
			url = strings.TrimSpace(url)
			if url == "" || seen[url] || len(seen) == maxTrackers {
				continue
			}
			seen[url] = true
			k := old[url]
			if k == nil {
				k = t.newMember(url)
			}
			delete(old, url)
			trackers = append(trackers, k)
		}
		if len(trackers) > 0 {
			tiers = append(tiers, t.orderTier(trackers, len(tiers)))
		}
	}
	t.tiers, t.removed = tiers, nil
	for _, k := range old {
		if len(k.registered) > 0 {
			t.removed = append(t.removed, k)
		}
	}
}

// newMember makes a member of a URL.
func (t *Tiers) newMember(url string) *member {
	k := &member{url: url, answer: unknownAnswer()}
	if k.source, k.err = t.open(url); k.err != nil {
		k.source, k.never = nil, true
	}
	return k
}

// orderTier returns the trackers of a tier in the order to try them: as it was, if
// the same were in one tier, else shuffled.
func (t *Tiers) orderTier(trackers []*member, tier int) []*member {
	if tier < len(t.tiers) && sameMembers(t.tiers[tier], trackers) {
		return t.tiers[tier]
	}
	rand.New(&t.random).Shuffle(len(trackers), func(i, j int) { trackers[i], trackers[j] = trackers[j], trackers[i] })
	return trackers
}

func sameMembers(a, b []*member) bool {
	in := make(map[*member]bool)
	for _, k := range a {
		in[k] = true
	}
	for _, k := range b {
		if !in[k] {
			return false
		}
	}
	return len(a) == len(b)
}

// maxTrackers bounds what a torrent file can make us keep.
const maxTrackers = 1000

// URLs returns the announce URLs in the order in which they are tried, whole, for
// Set and for files. See Status for what can be shown.
func (t *Tiers) URLs() [][]string {
	t.mu.Lock()
	defer t.mu.Unlock()
	urls := make([][]string, len(t.tiers))
	for i, tier := range t.tiers {
		for _, k := range tier {
			urls[i] = append(urls[i], k.url)
		}
	}
	return urls
}

// Status returns what is known of each tracker, in the order in which they are
// tried.
func (t *Tiers) Status() []Status {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []Status
	for i, tier := range t.tiers {
		for _, k := range tier {
			all = append(all, k.status(i))
		}
	}
	return all
}
