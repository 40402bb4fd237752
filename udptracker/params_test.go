package udptracker

import (
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// optionsOf returns the path and query in the options of the last packet that came, as
// https://www.bittorrent.org/beps/bep_0041.html#option-types has them.
func (s *server) optionsOf(t *testing.T) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	require.LessOrEqual(t, len(s.last), maxRequest)
	data := ""
	for rest := s.last[announceLength:]; len(rest) > 0; {
		require.EqualValues(t, optionURLData, rest[0])
		n := int(rest[1])
		data += string(rest[2 : 2+n])
		rest = rest[2+n:]
	}
	return data
}

// Announces have the parameters of Config.Params in the query of their URL.
func TestParams(t *testing.T) {
	for path, want := range map[string]string{
		"":               "?token=a%20b",
		"/announce":      "/announce?token=a%20b",
		"/announce?x=y":  "/announce?x=y&token=a%20b",
		"/announce?x=y&": "/announce?x=y&token=a%20b",
	} {
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork()
			s := newServer(t, n.at(server4))
			announceURL := "udp://" + server4 + path
			c := n.config()
			var events []swarm.Event
			c.Params = func(u string, a swarm.Announcement) url.Values {
				require.Equal(t, announceURL, u)
				events = append(events, a.Event)
				return url.Values{"token": {"a b"}, "left": {"0"}}
			}
			tracker, err := New(announceURL, c)
			require.NoError(t, err)
			for _, event := range []swarm.Event{swarm.Started, swarm.None, swarm.Stopped} {
				answer, err := tracker.Announce(t.Context(), announcement(event), func(swarm.Address) {})
				require.NoError(t, err)
				require.Equal(t, `parameters of Config.Params were left out: "left", which announces have already`, answer.Warning)
				require.Equal(t, want, s.optionsOf(t))
			}
			require.Equal(t, []swarm.Event{swarm.Started, swarm.None, swarm.Stopped}, events)
		})
	}
}

// A packet is never longer than every path carries, whatever Config.Params returns.
func TestParamsFitIntoAPacket(t *testing.T) {
	require.Equal(t, maxRequest, len(announceRequest{urlData: strings.Repeat("x", maxURLData)}.packet(0, 0)))
	for _, length := range []int{0, 1, 1000, maxURLData - 12, maxURLData - 11, maxURLData} {
		to := target{data: strings.Repeat("x", length)}
		longer, leftOut := to.with(url.Values{"token": {"s3cr"}})
		require.Equal(t, length > maxURLData-len("?token=s3cr"), leftOut != "", length)
		require.LessOrEqual(t, len(announceRequest{urlData: longer.data}.packet(0, 0)), maxRequest)
		longer, leftOut = to.with(url.Values{"large": {strings.Repeat("é", 1<<20)}})
		require.Contains(t, leftOut, `"large", which does not fit into the `)
		require.Equal(t, to.data, longer.data)
	}
}

// Neither an error nor a warning shows a value, and an error says what was left out.
func TestParamsAreHidden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := newServer(t, n.at(server4))
		s.message = "token s3cret is unknown"
		c := n.config()
		c.Params = func(string, swarm.Announcement) url.Values { return url.Values{"token": {"s3cret"}, "": {"x"}} }
		_, err := Announce(t.Context(), "udp://"+server4, announcement(swarm.Started), c)
		require.EqualError(t, err, "udptracker: announce udp://"+server4+": the tracker refused: token *** is unknown; "+
			"parameters of Config.Params were left out: one without a name")
	})
}
