package trackerserver

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// query is the query of an announce: https://www.bittorrent.org/beps/bep_0003.html#trackers.
const query = "info_hash=%124Vx%9A%BC%DE%F1%23Eg%89%AB%CD%EF%124Vx%9A&peer_id=-SH0001-abc%20%7e._%2B%26%3D%250&port=6881&uploaded=1&downloaded=2&left=3"

var (
	someSwarm = swarm.ID([]byte("\x124Vx\x9a\xbc\xde\xf1#Eg\x89\xab\xcd\xef\x124Vx\x9a"))
	somePeer  = swarm.PeerID([]byte("-SH0001-abc ~._+&=%0"))
)

func TestParseAnnounce(t *testing.T) {
	base := announceQuery{swarm: someSwarm, peer: somePeer, port: 6881, uploaded: 1, downloaded: 2, left: 3, want: -1}
	for more, change := range map[string]func(*announceQuery){
		"":                               func(*announceQuery) {},
		"&&x&=&=y&info_hash=short&?":     func(*announceQuery) {},
		"&event=started":                 func(q *announceQuery) { q.event = swarm.Started },
		"&event=completed":               func(q *announceQuery) { q.event = swarm.Completed },
		"&event=stopped":                 func(q *announceQuery) { q.event = swarm.Stopped },
		"&event=paused":                  func(q *announceQuery) { q.partialSeed = true },
		"&event=empty":                   func(*announceQuery) {},
		"&numwant=7":                     func(q *announceQuery) { q.want = 7 },
		"&numwant=0":                     func(q *announceQuery) { q.want = 0 },
		"&numwant=-1":                    func(*announceQuery) {},
		"&numwant=9223372036854775807":   func(q *announceQuery) { q.want = 1 << 30 },
		"&compact=1":                     func(*announceQuery) {},
		"&compact=0&no_peer_id=1":        func(q *announceQuery) { q.asDicts, q.noPeerID = true, true },
		"&left=0":                        func(q *announceQuery) { q.left = 0 },
		"&left=":                         func(*announceQuery) {},
		"&uploaded=x&downloaded=-1":      func(q *announceQuery) { q.uploaded, q.downloaded = 0, 0 },
		"&ip=192.0.2.7":                  func(q *announceQuery) { q.ip = netip.MustParseAddr("192.0.2.7") },
		"&ip=2001%3Adb8%3a%3A1":          func(q *announceQuery) { q.ip = netip.MustParseAddr("2001:db8::1") },
		"&ip=tracker.test":               func(*announceQuery) {},
		"&ip=fe80::1%25eth0":             func(*announceQuery) {},
		"&ip=0.0.0.0":                    func(*announceQuery) {},
		"&port=1":                        func(*announceQuery) {},
		"&" + strings.Repeat("x=y&", 99): func(*announceQuery) {},
	} {
		want := base
		change(&want)
		q, err := parseAnnounce(query + more)
		require.NoError(t, err, more)
		require.Equal(t, want, q, more)
	}
	q, err := parseAnnounce("info_hash=" + strings.Repeat("+", 20) + "&peer_id=" + strings.Repeat("%2b", 20) + "&port=0")
	require.NoError(t, err)
	require.Equal(t, strings.Repeat(" ", 20), string(q.swarm[:]))
	require.Equal(t, strings.Repeat("+", 20), string(q.peer[:]))
	require.EqualValues(t, -1, q.left)
	// Some clients write an unknown left as -1 without sign.
	q, err = parseAnnounce(strings.Replace(query, "left=3", "left=18446744073709551615", 1))
	require.NoError(t, err)
	require.EqualValues(t, -1, q.left)
}

func TestParseAnnounceRefuses(t *testing.T) {
	for _, test := range []struct {
		query string
		want  error
	}{
		{"", errNoSwarm},
		{"peer_id=" + strings.Repeat("x", 20) + "&port=1", errNoSwarm},
		{"info_hash=" + strings.Repeat("x", 20) + "&port=1", errNoPeer},
		{"info_hash=" + strings.Repeat("x", 20) + "&peer_id=" + strings.Repeat("x", 20), errBadPort},
		{"info_hash=" + strings.Repeat("x", 19), errBadSwarm},
		{"info_hash=" + strings.Repeat("x", 21), errBadSwarm},
		{"info_hash=" + strings.Repeat("x", 19) + "%", errBadSwarm},
		{"info_hash=" + strings.Repeat("x", 19) + "%4", errBadSwarm},
		{"info_hash=" + strings.Repeat("x", 19) + "%zz", errBadSwarm},
		{"info_hash=" + strings.Repeat("61", 20), errBadSwarm},
		{"info_hash=", errBadSwarm},
		{strings.Replace(query, "abc", "ab", 1), errBadPeer},
		{strings.Replace(query, "6881", "65536", 1), errBadPort},
		{strings.Replace(query, "6881", "-1", 1), errBadPort},
		{strings.Replace(query, "6881", "", 1), errBadPort},
		{strings.Replace(query, "6881", "99999999999999999999", 1), errBadPort},
		{query + "&x=" + strings.Repeat("y", maxQuery), errQueryLong},
	} {
		_, err := parseAnnounce(test.query)
		require.Equal(t, test.want, err, test.query[:min(len(test.query), 200)])
	}
}

func TestParseAnnounceAllocatesNothing(t *testing.T) {
	text := query + "&numwant=50&key=12345678&event=started&compact=1&no_peer_id=1"
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := parseAnnounce(text); err != nil {
			t.Fatal(err)
		}
	}))
}

func TestParseScrape(t *testing.T) {
	one := "info_hash=" + strings.Repeat("x", 20)
	ids, err := parseScrape(nil, one+"&a=b&info_hash="+strings.Repeat("%79", 20), 2)
	require.NoError(t, err)
	require.Equal(t, []swarm.ID{swarm.ID([]byte(strings.Repeat("x", 20))), swarm.ID([]byte(strings.Repeat("y", 20)))}, ids)
	ids, err = parseScrape(nil, "info_hash=x&"+one+"&info_hash=%zz", 1)
	require.NoError(t, err, "one that is not valid does not spoil the rest")
	require.Equal(t, []swarm.ID{swarm.ID([]byte(strings.Repeat("x", 20)))}, ids)
	for query, want := range map[string]error{
		"": errNoSwarm, "a=b": errNoSwarm, "info_hash=x": errBadSwarm, one + "&" + one + "&" + one: errManySwarms, strings.Repeat("&", maxQuery+1): errQueryLong,
	} {
		_, err := parseScrape(nil, query, 2)
		require.Equal(t, want, err)
	}
}

// FuzzParseAnnounce checks the parser against net/url, and that what it accepts is
// in range.
func FuzzParseAnnounce(f *testing.F) {
	f.Add(query)
	f.Add(query + "&event=stopped&numwant=5&compact=0&no_peer_id=1&ip=192.0.2.1&left=0")
	f.Add("info_hash=%")
	f.Add("info_hash=+&&&==")
	f.Fuzz(func(t *testing.T, query string) {
		q, err := parseAnnounce(query)
		var refusal *Refusal
		if err != nil {
			if !errors.As(err, &refusal) {
				t.Fatalf("error %v is not a *Refusal", err)
			}
			return
		}
		if q.left < -1 || q.uploaded < 0 || q.downloaded < 0 || q.want < -1 {
			t.Fatalf("%+v", q)
		}
		if q.ip.IsValid() && (q.ip.IsUnspecified() || q.ip.Zone() != "") {
			t.Fatalf("ip %v", q.ip)
		}
		values, err := url.ParseQuery(query)
		if err != nil || !values.Has("info_hash") || strings.Contains(query, ";") {
			return // net/url is stricter with parameters that we do not know.
		}
		if want := values.Get("info_hash"); want != string(q.swarm[:]) {
			t.Fatalf("info hash %x, want %x", q.swarm, want)
		}
	})
}

func FuzzParseScrape(f *testing.F) {
	f.Add("info_hash=" + strings.Repeat("%00", 20) + "&info_hash=" + strings.Repeat("x", 20))
	f.Add(query)
	f.Fuzz(func(t *testing.T, query string) {
		ids, err := parseScrape(nil, query, 3)
		if err == nil && (len(ids) == 0 || len(ids) > 3) {
			t.Fatalf("%d swarms", len(ids))
		}
	})
}

func ExampleRefusal() {
	fmt.Println(&Refusal{Reason: "unknown key", RetryIn: -1})
	// Output: trackerserver: unknown key
}
