package httptracker

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/sourcetest"
	"github.com/stretchr/testify/require"
)

// fakes are sources by URL. The test sets their behaviour.
type fakes struct {
	down  map[string]bool
	slow  map[string]time.Duration
	next  time.Duration // after an error
	least time.Duration // after an error
	mu    sync.Mutex
	asked []string // "url event", in order
}

type fake struct {
	f   *fakes
	url string
}

func (f *fakes) open(url string) (swarm.PeerSource, error) {
	if strings.HasPrefix(url, "bad") {
		return nil, errors.New("no such scheme")
	}
	return fake{f, url}, nil
}

func (k fake) Announce(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error) {
	k.f.mu.Lock()
	k.f.asked = append(k.f.asked, strings.TrimSpace(k.url+" "+a.Event.String()))
	k.f.mu.Unlock()
	select {
	case <-ctx.Done():
		return swarm.Answer{Next: k.f.next}, ctx.Err()
	case <-time.After(k.f.slow[k.url]):
	}
	if k.f.down[k.url] {
		return swarm.Answer{Next: k.f.next, Min: k.f.least, Seeds: -1, Leechers: -1}, fmt.Errorf("%s is down", k.url)
	}
	found(addresses("192.0.2.1:80")[0])
	return swarm.Answer{Next: 30 * time.Minute, Min: time.Minute, Seeds: 1, Leechers: 2}, nil
}

func newFakes() *fakes {
	return &fakes{down: make(map[string]bool), slow: make(map[string]time.Duration), next: time.Minute}
}

// take returns the announces since its last call.
func (f *fakes) take() []string {
	asked := f.asked
	f.asked = nil
	return asked
}

func announce(t *testing.T, s swarm.PeerSource, event swarm.Event) error {
	_, err := s.Announce(t.Context(), announcement(event), ignore)
	return err
}

func TestTiersIsPeerSource(t *testing.T) {
	for name, set := range map[string]func(n *network){
		"first answers": func(n *network) { n.serve("one.test", reply(twoPeers)) },
		"last answers": func(n *network) {
			n.serve("one.test", reply("d14:failure reason2:noe"))
			n.unreachable("two.test")
			n.serve("three.test", reply(twoPeers))
		},
		"none answers": func(n *network) {
			for _, host := range []string{"one.test", "two.test", "three.test", "four.test", "five.test", "six.test", "seven.test"} {
				n.silent(host)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			sourcetest.Run(t, func(t *testing.T) swarm.PeerSource {
				n := newNetwork(t)
				set(n)
				return NewTiers([][]string{
					{"http://one.test/announce", "http://two.test/announce"},
					{"http://three.test/announce"}, {"http://four.test/announce"}, {"udp://x.test"},
					{"http://five.test/announce"}, {"http://six.test/announce"}, {"http://seven.test/announce"},
				}, TiersConfig{Tracker: Config{Dial: n.dial}})
			})
		})
	}
	t.Run("empty", func(t *testing.T) {
		sourcetest.Run(t, func(t *testing.T) swarm.PeerSource { return NewTiers(nil, TiersConfig{}) })
	})
}

// TestTiersOrder follows the examples of https://www.bittorrent.org/beps/bep_0012.html.
func TestTiersOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakes()
		tiers := NewTiers([][]string{{"1"}, {"2"}, {"3"}}, TiersConfig{Open: f.open})
		f.down["1"], f.down["2"] = true, true
		for range 2 {
			require.NoError(t, announce(t, tiers, swarm.None))
			require.Equal(t, []string{"1", "2", "3"}, f.take(), "each tier in turn, and again the next time")
			time.Sleep(30 * time.Minute)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		f := newFakes()
		tiers := NewTiers([][]string{{"1", "2", "3"}, {"backup"}}, TiersConfig{Open: f.open, Seed: 1})
		order := slices.Clone(tiers.URLs()[0])
		f.down[order[0]] = true
		require.NoError(t, announce(t, tiers, swarm.None))
		require.Equal(t, order[:2], f.take())
		require.Equal(t, []string{order[1], order[0], order[2]}, tiers.URLs()[0], "the tracker that answered moves to the front")
		f.down[order[1]] = true
		time.Sleep(30 * time.Minute)
		require.NoError(t, announce(t, tiers, swarm.None))
		require.Equal(t, []string{order[1], order[0], order[2]}, f.take())
		require.Equal(t, []string{order[2], order[1], order[0]}, tiers.URLs()[0])
		f.down[order[2]] = true
		time.Sleep(30 * time.Minute)
		require.NoError(t, announce(t, tiers, swarm.None))
		require.Equal(t, []string{order[2], order[1], order[0], "backup"}, f.take(), "all trackers of a tier before the next tier")
	})
}

// What a program prints of an event shows which trackers it is about, and no passkey.
func TestTiersPrintAsText(t *testing.T) {
	tiers := NewTiers([][]string{{"http://one.test/0123456789abcdef0123456789abcdef/announce"}, {"http://two.test/announce?key=secret"}}, TiersConfig{})
	require.Equal(t, "http://one.test/***/announce, http://two.test/announce?***", tiers.String())
	event := struct{ Source swarm.PeerSource }{tiers}
	require.Equal(t, "{"+tiers.String()+"}", fmt.Sprint(event))
	require.Empty(t, NewTiers(nil, TiersConfig{}).String())
}

func TestTiersShuffle(t *testing.T) {
	firsts := make(map[string]int)
	for seed := range uint64(200) {
		f := newFakes()
		firsts[NewTiers([][]string{{"1", "2", "3"}}, TiersConfig{Open: f.open, Seed: seed + 1}).URLs()[0][0]]++
	}
	for _, url := range []string{"1", "2", "3"} {
		require.Greater(t, firsts[url], 30)
	}
}

func TestTiersErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakes()
		f.down["1"], f.down["2"] = true, true
		tiers := NewTiers([][]string{{"1"}, {"2"}}, TiersConfig{Open: f.open})
		answer, err := tiers.Announce(t.Context(), announcement(swarm.Started), ignore)
		require.EqualError(t, err, "1 is down; 2 is down")
		require.Equal(t, time.Minute, answer.Next)
		require.Equal(t, -1, answer.Seeds)
		f.take()
		require.Error(t, announce(t, tiers, swarm.None))
		require.Equal(t, []string{"1", "2"}, f.take(), "on request all are tried, even during back-off")

		f.down["2"] = false
		require.NoError(t, announce(t, tiers, swarm.None))
		f.take()
		require.NoError(t, announce(t, tiers, swarm.None))
		require.Equal(t, []string{"2"}, f.take(), "a tracker that failed is skipped until its back-off is over")
		time.Sleep(time.Minute)
		require.NoError(t, announce(t, tiers, swarm.None))
		require.Equal(t, []string{"1", "2"}, f.take())

		f.least, f.down["2"] = time.Minute, true
		require.Error(t, announce(t, tiers, swarm.None))
		require.Error(t, announce(t, tiers, swarm.None))
		require.Equal(t, []string{"2", "1"}, f.take(), "trackers that did not ask for a wait are tried on request")
		answer, err = tiers.Announce(t.Context(), announcement(swarm.None), ignore)
		require.ErrorIs(t, err, errNoTracker)
		require.Equal(t, time.Minute, answer.Min)
		require.Empty(t, f.take(), "a tracker that asked for a wait is not asked before, not even on request")
	})
}

// TestTiersTimeout checks that trackers that one announce did not reach are tried by the
// next one.
func TestTiersTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakes()
		f.next = 30 * time.Minute
		var urls [][]string
		for i := range 10 {
			url := fmt.Sprint(i)
			urls = append(urls, []string{url})
			f.slow[url], f.down[url] = 10*time.Second, i < 9
		}
		tiers := NewTiers(urls, TiersConfig{Open: f.open})
		since := time.Now()
		answer, err := tiers.Announce(t.Context(), announcement(swarm.None), ignore)
		require.ErrorContains(t, err, "6 more trackers")
		require.Equal(t, 40*time.Second, time.Since(since))
		require.Equal(t, time.Second, answer.Next)
		require.Error(t, announce(t, tiers, swarm.None))
		require.NoError(t, announce(t, tiers, swarm.None))
		require.Equal(t, []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}, f.take())
	})
}

func TestTiersFailing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakes()
		f.down["1"] = true
		var failing []Status
		var tiers *Tiers
		tiers = NewTiers([][]string{{"1"}}, TiersConfig{Open: f.open, Failing: func(s Status) {
			failing = append(failing, s)
			tiers.Status() // must not deadlock
		}})
		for i := range 20 {
			require.Error(t, announce(t, tiers, swarm.None))
			require.Len(t, failing, min(1, (i+1)/15))
		}
		require.Equal(t, 15, failing[0].Errors)
		require.True(t, tiers.Status()[0].Failing)
		f.down["1"] = false
		require.NoError(t, announce(t, tiers, swarm.None))
		require.False(t, tiers.Status()[0].Failing)
		require.Zero(t, tiers.Status()[0].Errors)

		f.down["1"] = true
		off := NewTiers([][]string{{"1"}}, TiersConfig{Open: f.open, Threshold: -1, Failing: func(Status) { t.Error("Failing was called although the threshold is off") }})
		for range 20 {
			require.Error(t, announce(t, off, swarm.None))
		}
	})
}

func TestTiersStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.serve("one.test", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) })
		n.serve("two.test", reply(twoPeers))
		tiers := NewTiers([][]string{{"http://one.test/0123456789abcdef/announce"}, {"http://two.test/announce"}, {"udp://three.test"}},
			TiersConfig{Tracker: Config{Client: n.client}})
		before := tiers.Status()
		require.Equal(t, Status{URL: "http://one.test/***/announce", Answer: unknownAnswer()}, before[0])
		require.True(t, before[2].Never)
		var scheme *SchemeError
		require.ErrorAs(t, before[2].Err, &scheme)
		require.Equal(t, "udp", scheme.Scheme)

		require.NoError(t, announce(t, tiers, swarm.Started))
		now := time.Now()
		after := tiers.Status()
		require.Len(t, after, 3)
		require.Equal(t, 1, after[0].Errors)
		require.ErrorContains(t, after[0].Err, "HTTP status 500")
		require.False(t, after[0].Working)
		require.WithinDuration(t, now.Add(30*time.Second), after[0].Next, 8*time.Second)
		require.Equal(t, Status{
			URL: "http://two.test/announce", Tier: 1, Asked: now, Peers: 2, Next: now.Add(30 * time.Minute), Working: true,
			Answer: swarm.Answer{Next: 30 * time.Minute, Min: 5 * time.Minute, Seeds: 5, Leechers: 7},
		}, after[1])
		require.Equal(t, "http://one.test/0123456789abcdef/announce", tiers.URLs()[0][0], "URLs are whole, for editing")
	})
}

func TestTiersNever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakes()
		f.next, f.down["1"] = 0, true
		tiers := NewTiers([][]string{{"1"}, {"bad"}}, TiersConfig{Open: f.open})
		answer, err := tiers.Announce(t.Context(), announcement(swarm.Started), ignore)
		require.Error(t, err)
		require.Zero(t, answer.Next)
		require.ErrorIs(t, announce(t, tiers, swarm.None), errNoTracker)
		require.Equal(t, []string{"1 started"}, f.take())
		announce(t, tiers, swarm.Stopped)
		f.take()
		f.down["1"] = false
		require.NoError(t, announce(t, tiers, swarm.Started))
		require.Equal(t, []string{"1 started"}, f.take(), "a new session asks all trackers again")
	})
}

// TestTiersOfOtherSchemes checks that an announce names the kind of tracker that cannot be
// used, if there is no other.
func TestTiersOfOtherSchemes(t *testing.T) {
	tiers := NewTiers([][]string{{"UDP://one.test:6969/0123456789abcdef"}, {"wss://two.test"}}, TiersConfig{})
	_, err := tiers.Announce(t.Context(), announcement(swarm.Started), ignore)
	require.EqualError(t, err, "httptracker: announce udp://one.test:6969/***: this is a UDP tracker, but only HTTP trackers can be used here; use one with http or https; "+
		"httptracker: announce wss://two.test: WebTorrent trackers (wss) are not supported yet; use one with http or https")
	var scheme *SchemeError
	require.ErrorAs(t, err, &scheme)
	require.Equal(t, "udp", scheme.Scheme)
	require.NotErrorIs(t, err, errNoTracker)
	_, err = NewTiers(nil, TiersConfig{}).Announce(t.Context(), announcement(swarm.Started), ignore)
	require.ErrorIs(t, err, errNoTracker)
}

func TestTiersStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakes()
		tiers := NewTiers([][]string{{"1"}, {"2"}, {"3"}}, TiersConfig{Open: f.open})
		require.NoError(t, announce(t, tiers, swarm.Stopped))
		require.Empty(t, f.take())
		f.down["1"] = true
		require.NoError(t, announce(t, tiers, swarm.Started))
		f.take()
		tiers.Set([][]string{{"1"}, {"3"}})
		require.NoError(t, announce(t, tiers, swarm.None))
		f.take()
		f.down["1"] = false
		f.slow["3"] = time.Second
		since := time.Now()
		require.NoError(t, announce(t, tiers, swarm.Stopped))
		asked := f.take()
		slices.Sort(asked)
		require.Equal(t, []string{"1 stopped", "2 stopped", "3 stopped"}, asked, "all trackers that may have us registered, also the removed ones")
		require.Equal(t, time.Second, time.Since(since), "at once")
		require.NoError(t, announce(t, tiers, swarm.Stopped))
		require.Empty(t, f.take())
		require.Empty(t, tiers.removed)
	})
}

func TestTiersSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakes()
		tiers := NewTiers([][]string{{" 1 ", "", "2", "1", "3"}, {}, {"2"}}, TiersConfig{Open: f.open, Seed: 5})
		urls := tiers.URLs()
		require.Len(t, urls, 1)
		require.ElementsMatch(t, []string{"1", "2", "3"}, urls[0])
		require.NoError(t, announce(t, tiers, swarm.Started))
		front := urls[0][0]
		tiers.Set(urls)
		require.Equal(t, urls, tiers.URLs(), "an unchanged tier keeps its order")
		tiers.Set([][]string{urls[0][:2]})
		require.ElementsMatch(t, urls[0][:2], tiers.URLs()[0], "one less")
		tiers.Set(urls)
		require.ElementsMatch(t, urls[0], tiers.URLs()[0])
		tiers.Set([][]string{{"4"}, {front}})
		status := tiers.Status()
		require.True(t, status[1].Working, "a URL keeps its state")
		require.Equal(t, 1, status[1].Tier)
		require.NoError(t, announce(t, tiers, swarm.None))
		require.Equal(t, []string{front + " started", "4"}, f.take())

		many := make([]string, 5000)
		for i := range many {
			many[i] = fmt.Sprint(i)
		}
		tiers.Set([][]string{many})
		require.Len(t, tiers.Status(), maxTrackers)
		tiers.Set(nil)
		require.Empty(t, tiers.Status())
	})
}

// TestTiersSetDuringAnnounce checks that Set does not disturb a running announce.
func TestTiersSetDuringAnnounce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakes()
		f.slow["1"], f.down["1"] = 5*time.Second, true
		var failed []Status
		tiers := NewTiers([][]string{{"1"}, {"2"}}, TiersConfig{Open: f.open, Threshold: 1, Failing: func(s Status) { failed = append(failed, s) }})
		done := make(chan error)
		go func() { done <- announce(t, tiers, swarm.Started) }()
		time.Sleep(time.Second)
		tiers.Set([][]string{{"3"}})
		require.NoError(t, <-done)
		require.Equal(t, -1, failed[0].Tier)
		require.Equal(t, []string{"1 started", "2 started"}, f.take())
		require.Equal(t, []Status{{URL: "(no valid URL)", Answer: unknownAnswer()}}, tiers.Status())
	})
}
