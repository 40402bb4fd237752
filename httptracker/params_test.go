package httptracker

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/shoal-bt/shoal/swarm/announceurl"
	"github.com/stretchr/testify/require"
)

const announceURL = "http://tracker.test/announce?passkey=0123abcd"

// Each announce has the parameters of Config.Params behind those that it has anyway.
func TestParams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		s := &script{answers: []string{twoPeers}}
		n.serve("tracker.test", s.ServeHTTP)
		var events []swarm.Event
		tracker, err := New(announceURL, Config{Client: n.client, Params: func(u string, a swarm.Announcement) url.Values {
			require.Equal(t, announceURL, u)
			require.Equal(t, announcement(swarm.None).Swarm, a.Swarm)
			events = append(events, a.Event)
			return url.Values{"token": {"a b&port=1"}, "Port": {"1"}}
		}})
		require.NoError(t, err)
		for _, event := range []swarm.Event{swarm.Started, swarm.None, swarm.Stopped} {
			answer, err := tracker.Announce(t.Context(), announcement(event), ignore)
			require.NoError(t, err)
			require.Equal(t, `parameters of Config.Params were left out: "Port", which announces have already`, answer.Warning)
		}
		require.Equal(t, []swarm.Event{swarm.Started, swarm.None, swarm.Stopped}, events)
		require.Equal(t, []string{"a b&port=1", "a b&port=1", "a b&port=1"}, s.values("token"))
		for _, asked := range s.asked {
			require.Equal(t, []string{"6881"}, asked["port"])
			require.Equal(t, []string{"0123abcd"}, asked["passkey"])
			require.NotContains(t, asked, "Port")
		}
	})
}

// What an announce has itself, nobody can add a second time.
func TestParamsOfAnnouncesAreReserved(t *testing.T) {
	full := announceQuery{
		a:         announcement(swarm.Started),
		event:     swarm.Started,
		ip:        netip.MustParseAddr("192.0.2.1"),
		trackerID: "x",
	}
	own, err := url.ParseQuery(full.String())
	require.NoError(t, err)
	require.Len(t, own, 13)
	require.Empty(t, announceurl.EncodeParams(own, maxParams).Query)
}

func TestTooManyParams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		s := &script{answers: []string{twoPeers}}
		n.serve("tracker.test", s.ServeHTTP)
		reply, err := announceOnce(n, announceURL, Config{Params: func(string, swarm.Announcement) url.Values {
			return url.Values{"large": {strings.Repeat("x", 1<<20)}, "small": {"1"}}
		}})
		require.NoError(t, err)
		require.Equal(t, `parameters of Config.Params were left out: "large", which does not fit into the 4096 bytes that are left`, reply.Warning)
		require.Equal(t, []string{"1"}, s.values("small"))
		require.Equal(t, []string{""}, s.values("large"))
	})
}

// Neither an error nor a warning shows a value, also if the tracker repeats it, and an error
// says what was left out.
func TestParamsAreHidden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		s := &script{answers: []string{
			"d14:failure reason23:token s3cret is unknowne",
			"d8:intervali1800e5:peers0:15:warning message13:s3cret is olde",
		}}
		n.serve("tracker.test", s.ServeHTTP)
		c := Config{Params: func(string, swarm.Announcement) url.Values {
			return url.Values{"token": {"s3cret"}, "key": {"1"}}
		}}
		_, err := announceOnce(n, announceURL, c)
		require.EqualError(t, err, "httptracker: announce http://tracker.test/announce?***: the tracker refused: token *** is unknown; "+
			`parameters of Config.Params were left out: "key", which announces have already`)
		var failure *FailureError
		require.ErrorAs(t, err, &failure)
		answer, err := announceOnce(n, announceURL, c)
		require.NoError(t, err)
		require.Equal(t, `*** is old; parameters of Config.Params were left out: "key", which announces have already`, answer.Warning)
	})
}

// A scrape and the target of a redirect get no parameters.
func TestParamsGoToAnnouncesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		var asked atomic.Value
		n.serve("tracker.test", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/announce" {
				http.Redirect(w, r, "http://other.test/announce", http.StatusFound)
			}
			asked.Store(r.URL.Query())
			reply("d5:filesdee")(w, r)
		})
		redirected := &script{answers: []string{twoPeers}}
		n.serve("other.test", redirected.ServeHTTP)
		c := Config{Client: n.client, Params: func(string, swarm.Announcement) url.Values { return url.Values{"token": {"s3cret"}} }}
		_, err := Scrape(t.Context(), announceURL, c, announcement(swarm.None).Swarm)
		require.NoError(t, err)
		require.NotContains(t, asked.Load(), "token")
		_, err = announceOnce(n, announceURL, c)
		require.NoError(t, err)
		require.Equal(t, "s3cret", asked.Load().(url.Values).Get("token"))
		require.Equal(t, []string{""}, redirected.values("token"))
	})
}
