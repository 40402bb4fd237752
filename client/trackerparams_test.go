package client_test

import (
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-bt/shoal/client"
	"github.com/shoal-bt/shoal/httptracker"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/udptracker"
)

// One function adds parameters to the announces to HTTP and UDP trackers, and each tracker
// gets its own.
func TestTrackerParams(t *testing.T) {
	overHTTP, n := tracker(t)
	overUDP, u := udpTracker(t)
	var mu sync.Mutex
	asked := make(map[swarm.ID]bool)
	params := func(announceURL string, a swarm.Announcement) url.Values {
		mu.Lock()
		defer mu.Unlock()
		asked[a.Swarm] = true
		scheme, _, _ := strings.Cut(announceURL, "://")
		return url.Values{"token": {"for " + scheme}}
	}
	c := newClient(t, client.Config{
		Announce:   []string{overUDP},
		Tracker:    httptracker.Config{Params: params},
		UDPTracker: udptracker.Config{Params: params},
	})
	o := small()
	o.Build.Tiers = [][]string{{overHTTP}}
	seed, err := c.Seed(within(t), folder(t), o)
	require.NoError(t, err)
	eventually(t, func() bool { return n.announces() > 0 && u.announces() > 0 })
	require.Equal(t, "token=for%20http", n.param("token"))
	require.Equal(t, "token=for%20udp", u.param("token"))
	mu.Lock()
	defer mu.Unlock()
	require.True(t, asked[seed.ID()])
}

// param returns the parameter of that name in the first announce, as the tracker got it.
func (n *recordingTracker) param(name string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	for pair := range strings.SplitSeq(n.requests[0].Query, "&") {
		if strings.HasPrefix(pair, name+"=") {
			return pair
		}
	}
	return ""
}
