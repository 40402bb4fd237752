package httptracker

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func TestAnnounceQuery(t *testing.T) {
	q := announceQuery{
		a:         announcement(swarm.Started),
		event:     swarm.Started,
		want:      50,
		key:       0xc0ffee,
		ip:        netip.MustParseAddr("2001:db8::1"),
		trackerID: "a b&c",
	}
	// The info hash is the example of the protocol's oldest description.
	require.Equal(t, "info_hash=%124Vx%9A%BC%DE%F1%23Eg%89%AB%CD%EF%124Vx%9A"+
		"&peer_id=-SH0001-abc%20~._%2B%26%3D%250"+
		"&port=6881&uploaded=1&downloaded=2&left=3&compact=1&no_peer_id=1&numwant=50"+
		"&key=00C0FFEE&event=started&ip=2001%3Adb8%3A%3A1&trackerid=a%20b%26c", q.String())
}

func TestAnnounceQueryLeavesOut(t *testing.T) {
	q := announceQuery{a: announcement(swarm.None), want: -3}
	text := q.String()
	for _, key := range []string{"event", "ip", "trackerid"} {
		require.NotContains(t, text, "&"+key+"=")
	}
	require.Contains(t, text, "&numwant=0&")
}

func TestAnnounceQueryLeft(t *testing.T) {
	for left, want := range map[int64]string{0: "&left=0&", -1: "&left=16384&", 1 << 40: "&left=1099511627776&"} {
		a := announcement(swarm.None)
		a.Left = left
		require.Contains(t, announceQuery{a: a}.String(), want)
	}
	a := announcement(swarm.None)
	a.Port, a.Uploaded, a.Downloaded = 0, -1, -1
	require.Contains(t, announceQuery{a: a}.String(), "&port=1&uploaded=0&downloaded=0&")
}

func TestScrapeQuery(t *testing.T) {
	q := scrapeQuery([]swarm.ID{{0: 'x'}, {0: '&'}})
	require.Equal(t, "info_hash=x"+strings.Repeat("%00", 19)+"&info_hash=%26"+strings.Repeat("%00", 19), q)
}
