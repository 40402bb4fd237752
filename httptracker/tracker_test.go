package httptracker

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/sourcetest"
	"github.com/stretchr/testify/require"
)

func newTracker(t *testing.T, n *network, c Config) *Tracker {
	t.Helper()
	c.Client = n.client
	tracker, err := New("http://tracker.test/announce", c)
	require.NoError(t, err)
	return tracker
}

// TestTrackerIsPeerSource runs the suite of PeerSource against trackers of all kinds.
func TestTrackerIsPeerSource(t *testing.T) {
	for name, set := range map[string]func(n *network){
		"answers": func(n *network) { n.serve("tracker.test", reply(twoPeers)) },
		"silent":  func(n *network) { n.silent("tracker.test") },
		"silent https": func(n *network) {
			n.silent("tracker.test")
		},
		"unreachable": func(n *network) { n.unreachable("tracker.test") },
		"refuses":     func(n *network) { n.refuse("tracker.test", true) },
		"fails":       func(n *network) { n.serve("tracker.test", reply("d14:failure reason2:noe")) },
		"for good":    func(n *network) { n.serve("tracker.test", reply("d14:failure reason2:no8:retry in5:nevere")) },
		"garbage":     func(n *network) { n.serve("tracker.test", reply("garbage")) },
		"odd": func(n *network) {
			n.serve("tracker.test", reply("d8:intervali-5e12:min intervali9223372036854775807e8:completei-7e5:peers6:\x7f\x00\x00\x01\x00\x00e"))
		},
		"drips": func(n *network) {
			n.serve("tracker.test", func(w http.ResponseWriter, r *http.Request) {
				for _, b := range []byte(twoPeers) {
					w.Write([]byte{b})
					w.(http.Flusher).Flush()
					select {
					case <-r.Context().Done():
						return
					case <-time.After(5 * time.Second):
					}
				}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			scheme := "http"
			if name == "silent https" {
				scheme = "https"
			}
			t.Run("Dial", func(t *testing.T) {
				sourcetest.Run(t, func(t *testing.T) swarm.PeerSource {
					n := newNetwork(t)
					set(n)
					tracker, err := New(scheme+"://tracker.test/announce", Config{Dial: n.dial})
					require.NoError(t, err)
					return tracker
				})
			})
			if name == "unreachable" {
				return // a shared http.Transport continues to dial
			}
			t.Run("Client", func(t *testing.T) {
				sourcetest.Run(t, func(t *testing.T) swarm.PeerSource {
					n := newNetwork(t)
					set(n)
					return newTracker(t, n, Config{})
				})
			})
		})
	}
}

func TestTrackerAnnounces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.serve("tracker.test", reply(twoPeers))
		var found []swarm.Address
		answer, err := newTracker(t, n, Config{}).Announce(t.Context(), announcement(swarm.Started), func(p swarm.Address) {
			found = append(found, p)
		})
		require.NoError(t, err)
		require.Equal(t, addresses("96.126.104.219:6889", "192.0.2.1:80"), found)
		require.Equal(t, swarm.Answer{Next: 30 * time.Minute, Min: 5 * time.Minute, Seeds: 5, Leechers: 7}, answer)
	})
}

// script is a tracker that gives a list of answers and records the requests.
type script struct {
	answers []string // the last is repeated
	asked   []url.Values
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i := min(len(s.asked), len(s.answers)-1)
	s.asked = append(s.asked, r.URL.Query())
	io.WriteString(w, s.answers[i])
}

func (s *script) values(key string) []string {
	var all []string
	for _, q := range s.asked {
		all = append(all, q.Get(key))
	}
	return all
}

// TestTrackerIDIsSentBack checks tracker id and event, because a client that we learned
// from stored both but did not send them.
func TestTrackerIDIsSentBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		s := &script{answers: []string{
			"d8:intervali60e10:tracker id2:a&e", "d8:intervali60ee", "d14:failure reason2:noe", "d8:intervali60e10:tracker id1:be", "d8:intervali60ee",
		}}
		n.serve("tracker.test", s.ServeHTTP)
		tracker := newTracker(t, n, Config{})
		for _, event := range []swarm.Event{swarm.Started, swarm.None, swarm.None, swarm.Completed, swarm.Stopped} {
			tracker.Announce(t.Context(), announcement(event), ignore)
		}
		other := announcement(swarm.Started)
		other.Swarm[0]++
		tracker.Announce(t.Context(), other, ignore)
		tracker.Announce(t.Context(), announcement(swarm.Started), ignore)
		require.Equal(t, []string{"", "a&", "a&", "a&", "b", "", ""}, s.values("trackerid"))
		require.Equal(t, []string{"started", "", "", "completed", "stopped", "started", "started"}, s.values("event"))
		keys := s.values("key")
		require.Len(t, keys[0], 8)
		for _, key := range keys {
			require.Equal(t, keys[0], key, "the key identifies us")
		}
	})
}

func TestTrackerRepeatsEvents(t *testing.T) {
	const ok, no = "d8:intervali60ee", "d14:failure reason2:noe"
	for _, test := range []struct {
		name    string
		answers []string
		events  []swarm.Event
		want    []string
	}{
		{"started again", []string{no, no, ok}, []swarm.Event{swarm.Started, swarm.None, swarm.None, swarm.None}, []string{"started", "started", "started", ""}},
		{"the first announce says started", []string{ok}, []swarm.Event{swarm.None, swarm.None}, []string{"started", ""}},
		{"completed again", []string{ok, no, ok}, []swarm.Event{swarm.Started, swarm.Completed, swarm.None, swarm.None}, []string{"started", "completed", "completed", ""}},
		{"a partial seed", []string{no, ok}, []swarm.Event{swarm.Started, swarm.Paused, swarm.Paused, swarm.Stopped}, []string{"started", "started", "paused", "stopped"}},
		{"completed without started", []string{no, ok}, []swarm.Event{swarm.Started, swarm.Completed, swarm.None}, []string{"started", "completed", ""}},
		{"no stopped to a tracker that refused us", []string{no}, []swarm.Event{swarm.Started, swarm.Stopped, swarm.Stopped}, []string{"started"}},
		{"stopped once to a tracker that has us registered", []string{ok, no}, []swarm.Event{swarm.Started, swarm.None, swarm.Stopped, swarm.Stopped}, []string{"started", "", "stopped"}},
		{"stopped after the answer was lost", []string{"garbage"}, []swarm.Event{swarm.Started, swarm.Stopped}, []string{"started", "stopped"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t)
				s := &script{answers: test.answers}
				n.serve("tracker.test", s.ServeHTTP)
				tracker := newTracker(t, n, Config{})
				for _, event := range test.events {
					tracker.Announce(t.Context(), announcement(event), ignore)
				}
				require.Equal(t, test.want, s.values("event"))
			})
		})
	}
}

func TestTrackerWants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		s := &script{answers: []string{"d8:intervali60ee"}}
		n.serve("tracker.test", s.ServeHTTP)
		tracker := newTracker(t, n, Config{})
		for _, want := range []int{0, 7, 200, 1000, math.MaxInt32} {
			a := announcement(swarm.None)
			a.Want = want
			tracker.Announce(t.Context(), a, ignore)
		}
		a := announcement(swarm.Stopped)
		tracker.Announce(t.Context(), a, ignore)
		require.Equal(t, []string{"0", "7", "200", "200", "200", "0"}, s.values("numwant"))
	})
}

func TestTrackerBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		tracker := newTracker(t, n, Config{Seed: 1})
		want := 30 * time.Second
		different := false
		for range 12 {
			answer, err := tracker.Announce(t.Context(), announcement(swarm.None), ignore)
			require.Error(t, err)
			require.GreaterOrEqual(t, answer.Next, want*3/4)
			require.LessOrEqual(t, answer.Next, want*5/4)
			require.Equal(t, -1, answer.Seeds)
			different = different || answer.Next != want
			want = min(2*want, 30*time.Minute)
		}
		require.True(t, different, "the back-off is random")
		n.serve("tracker.test", reply(twoPeers))
		_, err := tracker.Announce(t.Context(), announcement(swarm.None), ignore)
		require.NoError(t, err)
		n.refuse("tracker.test", true)
		n.client.CloseIdleConnections()
		answer, err := tracker.Announce(t.Context(), announcement(swarm.None), ignore)
		require.Error(t, err)
		require.LessOrEqual(t, answer.Next, 38*time.Second, "an answer resets the back-off")

		same, again := newTracker(t, n, Config{Seed: 1}), newTracker(t, n, Config{Seed: 1})
		a, _ := same.Announce(t.Context(), announcement(swarm.None), ignore)
		b, _ := again.Announce(t.Context(), announcement(swarm.None), ignore)
		require.Equal(t, a, b, "the seed determines the back-off")
	})
}

func TestTrackerExternalIPAndWarning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.serve("tracker.test", reply("d11:external ip4:\xc0\x00\x02\x078:intervali60e15:warning message27:key abcdef1234\nexpires soone"))
		tracker, err := New("http://tracker.test/abcdef1234/announce", Config{Client: n.client, Key: 7})
		require.NoError(t, err)
		require.Equal(t, "http://tracker.test/***/announce", tracker.String())
		answer, err := tracker.Announce(t.Context(), announcement(swarm.None), ignore)
		require.NoError(t, err)
		require.Equal(t, "key *** expires soon", answer.Warning)
		require.Equal(t, netip.MustParseAddr("192.0.2.7"), answer.External)
	})
}

func TestTrackerErrorsAreRedacted(t *testing.T) {
	const key = "0123456789abcdef"
	for name, h := range map[string]http.HandlerFunc{
		"failure":  reply("d14:failure reason31:the key 0123456789abcdef is bade"),
		"status":   func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) },
		"redirect": http.RedirectHandler("http://"+key+".test/"+key, http.StatusFound).ServeHTTP,
		"hangs up": func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) },
		"odd redirect": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://%zz/"+key)
			w.WriteHeader(302)
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork(t)
			n.serve("tracker.test", h)
			tracker, err := New("http://u:"+key+"@tracker.test/"+key+"/announce?key="+key, Config{Client: n.client})
			require.NoError(t, err)
			_, err = tracker.Announce(t.Context(), announcement(swarm.None), ignore)
			require.Error(t, err, name)
			for ; err != nil; err = errors.Unwrap(err) {
				require.NotContains(t, err.Error(), key, name)
			}
		})
	}
}

func TestCanceledAnnounceIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.silent("tracker.test")
		tracker := newTracker(t, n, Config{})
		for range 10 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			answer, err := tracker.Announce(ctx, announcement(swarm.None), ignore)
			cancel()
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.LessOrEqual(t, answer.Next, 38*time.Second)
		}
	})
}

// TestTrackersShareAConfig checks that they share nothing else.
func TestTrackersShareAConfig(t *testing.T) {
	trackers := NewTrackers(Config{UserAgent: "Test/1"})
	a, err := trackers.New("http://tracker.test/announce")
	require.NoError(t, err)
	b, err := trackers.New("http://tracker.test/announce")
	require.NoError(t, err)
	require.Same(t, a.config, b.config)
	require.Equal(t, "Test/1", a.config.UserAgent)
	require.NotEqual(t, a.key, b.key, "each tracker has its own key")
	_, err = trackers.New("udp://tracker.test:1")
	require.ErrorContains(t, err, "httptracker: ")

	seeded := NewTrackers(Config{Seed: 7})
	a, err = seeded.New("http://tracker.test/announce")
	require.NoError(t, err)
	b, err = New("http://tracker.test/announce", Config{Seed: 7})
	require.NoError(t, err)
	require.Equal(t, a.key, b.key)
}
