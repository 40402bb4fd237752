package httptracker

import (
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// Tiers are the trackers of a torrent as one swarm.PeerSource. An announce ends with
// the first tracker that answers. The trackers of a tier are shuffled once and tried in
// that order, and a tracker that answers moves to the front of its tier. The next tier
// is tried only if all trackers of the tier before failed:
// https://www.bittorrent.org/beps/bep_0012.html. Stopped goes to every tracker that may
// have us registered.
//
// A tracker that failed is skipped until its back-off is over, unless all failed. All
// methods may be called concurrently, but calls of Announce for one swarm must not
// overlap.
type Tiers struct {
	open      func(url string) (swarm.PeerSource, error)
	timeout   time.Duration
	threshold int
	failing   func(Status)

	mu      sync.Mutex
	seed    uint64 // of the next shuffle
	tiers   [][]*member
	removed []*member // by Set, and Stopped was not announced yet
}

// NewTiers makes Tiers of announce URLs, which are grouped by tier. A URL for which no
// source can be made keeps its place, and its Status has the error. NewTiers does not
// use the network and keeps no slice of urls.
func NewTiers(urls [][]string, c TiersConfig) *Tiers {
	c.Timeout = orDefault(c.Timeout, 50*time.Second, 0)
	c.Threshold = orDefault(c.Threshold, 15, 0)
	if c.Seed == 0 {
		c.Seed = rand.Uint64()
	}
	t := &Tiers{open: c.Open, timeout: c.Timeout, threshold: c.Threshold, failing: c.Failing, seed: c.Seed}
	if t.open == nil {
		trackers := NewTrackers(c.Tracker)
		t.open = func(url string) (swarm.PeerSource, error) { return trackers.New(url) }
	}
	t.Set(urls)
	return t
}

// Set replaces the trackers. Trackers that stay, also in another tier, keep their
// state. Removed trackers still get the next Stopped. A tier is shuffled again if its
// trackers changed. URLs after the first 1,000 are ignored. Set keeps no slice of urls.
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

// orderTier returns the trackers of a tier in the order in which to try them: the old
// order if the tier has the same trackers as before, else shuffled.
func (t *Tiers) orderTier(trackers []*member, tier int) []*member {
	if tier < len(t.tiers) && sameMembers(t.tiers[tier], trackers) {
		return t.tiers[tier]
	}
	rand.New(rand.NewPCG(t.seed, 1)).Shuffle(len(trackers), func(i, j int) {
		trackers[i], trackers[j] = trackers[j], trackers[i]
	})
	t.seed++
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

// maxTrackers bounds the memory that a torrent file can make us use.
const maxTrackers = 1000

// URLs returns the full announce URLs in the order in which they are tried, for Set and
// for files. They may contain passkeys; Status has URLs for display. The slices are the
// caller's.
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

// String returns the announce URLs for display, in the order in which they are tried; see
// [Redact].
func (t *Tiers) String() string {
	var all []string
	for _, s := range t.Status() {
		all = append(all, s.URL)
	}
	return strings.Join(all, ", ")
}

// Status returns the state of each tracker, in the order in which they are tried. The
// slice is the caller's.
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
