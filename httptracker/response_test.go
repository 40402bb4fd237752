package httptracker

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/shoal-bt/shoal/bencode"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func addresses(texts ...string) []swarm.Address {
	var all []swarm.Address
	for _, text := range texts {
		all = append(all, swarm.Address{AddrPort: netip.MustParseAddrPort(text)})
	}
	return all
}

func TestParseAnnounce(t *testing.T) {
	r, err := parseAnnounce([]byte(twoPeers), 100, false)
	require.NoError(t, err)
	require.Equal(t, announceResponse{
		interval: 30 * time.Minute, minInterval: 5 * time.Minute,
		seeds: 5, leechers: 7, completed: -1,
		peers: addresses("96.126.104.219:6889", "192.0.2.1:80"),
	}, r)
}

func TestParseAnnounceKeys(t *testing.T) {
	tests := []struct {
		name, body string
		want       announceResponse
	}{
		{"only an interval", "d8:intervali60ee", announceResponse{interval: time.Minute, seeds: -1, leechers: -1, completed: -1}},
		{"unsorted and repeated keys, and a line break", "d5:peers0:8:intervali60e8:intervali70e8:completei1ee\r\n",
			announceResponse{interval: time.Minute, seeds: 1, leechers: -1, completed: -1}},
		{"numbers as strings", "d8:interval2:608:complete1:7e", announceResponse{interval: time.Minute, seeds: 7, leechers: -1, completed: -1}},
		{"invalid numbers", "d8:intervali-5e12:min intervali9223372036854775807e8:completei-7e10:incompletei9223372036854775807e5:peers0:e",
			announceResponse{minInterval: 365 * 24 * time.Hour, seeds: -1, leechers: 1<<31 - 1, completed: -1}},
		{"all optional keys", "d8:intervali60e10:downloadedi9e11:external ip4:\xc0\x00\x02\x0710:tracker id3:a\x00b15:warning message4:slowe",
			announceResponse{interval: time.Minute, seeds: -1, leechers: -1, completed: 9, external: netip.MustParseAddr("192.0.2.7"), trackerID: "a\x00b", warning: "slow"}},
		{"external ip of 16 bytes", "d8:intervali60e11:external ip16:\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01e",
			announceResponse{interval: time.Minute, seeds: -1, leechers: -1, completed: -1, external: netip.MustParseAddr("2001:db8::1")}},
		{"unspecified external ip", "d8:intervali60e11:external ip4:\x00\x00\x00\x00e", announceResponse{interval: time.Minute, seeds: -1, leechers: -1, completed: -1}},
		{"external ip of 3 bytes", "d8:intervali60e11:external ip3:abce",
			announceResponse{interval: time.Minute, seeds: -1, leechers: -1, completed: -1, ignored: []string{"external ip, which has 3 bytes"}}},
		{"the example of BEP 7", "d8:intervali1800e5:peers6:iiiipp6:peers618:iiiiiiiiiiiiiiiippe",
			announceResponse{interval: 30 * time.Minute, seeds: -1, leechers: -1, completed: -1, peers: addresses("105.105.105.105:28784", "[6969:6969:6969:6969:6969:6969:6969:6969]:28784")}},
		{"dictionaries", "d8:intervali60e5:peersl" +
			"d2:ip9:192.0.2.17:peer id20:aaaaaaaaaaaaaaaaaaaa4:porti6881ee" + // with a peer id
			"d2:ip11:2001:db8::14:porti6882ee" + // without one, and IPv6
			"d4:port4:68832:ip16:::ffff:192.0.2.2e" + // unsorted, port as a string, mapped
			"d2:ip12:tracker.test4:porti6881ee" + // a name: not resolved
			"d2:ip12:fe80::1%eth04:porti6881ee" + // a zone
			"d2:ip9:192.0.2.14:porti65536ee" +
			"d2:ip9:192.0.2.14:porti-1ee" +
			"d2:ip9:192.0.2.14:porti0ee" +
			"d2:ip9:192.0.2.1e" +
			"d4:porti6881ee" +
			"de" + "ee",
			announceResponse{interval: time.Minute, seeds: -1, leechers: -1, completed: -1, peers: addresses("192.0.2.1:6881", "[2001:db8::1]:6882", "192.0.2.2:6883"),
				ignored: []string{"5 of 11 entries of peers"}}},
		{"addresses that cannot be dialed", "d8:intervali60e5:peers24:\x00\x00\x00\x00\x00\x01\xe0\x00\x00\x01\x00\x01\xff\xff\xff\xff\x00\x01\xc0\x00\x02\x01\x00\x00e",
			announceResponse{interval: time.Minute, seeds: -1, leechers: -1, completed: -1, peers: []swarm.Address{}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, err := parseAnnounce([]byte(test.body), 100, false)
			require.NoError(t, err)
			require.Equal(t, test.want, r)
		})
	}
}

func TestParseAnnounceRefuses(t *testing.T) {
	for name, body := range map[string]string{
		"nothing":                    "",
		"an empty dictionary":        "de",
		"a web page":                 "<!DOCTYPE html><html><body>404</body></html>",
		"text":                       "OK",
		"a list":                     "le",
		"a number":                   "i60e",
		"cut short":                  twoPeers[:len(twoPeers)-3],
		"5 bytes of peers":           "d8:intervali60e5:peers5:abcdee",
		"17 bytes of peers6":         "d8:intervali60e6:peers617:aaaaaaaaaaaaaaaaae",
		"peers that are a number":    "d8:intervali60e5:peersi5ee",
		"peers that are a dict":      "d8:intervali60e5:peersdee",
		"a peer that is a string":    "d8:intervali60e5:peersl6:abcdefee",
		"a failure that is a number": "d14:failure reasoni5ee",
		"nested too deep":            "d5:peers" + strings.Repeat("l", 200) + strings.Repeat("e", 200) + "e",
		"a length beyond the end":    "d5:peers99999999999999999999:e",
	} {
		_, err := parseAnnounce([]byte(body), 100, false)
		var wrong *ResponseError
		require.ErrorAs(t, err, &wrong, name)
		require.NotContains(t, err.Error(), "<", name)
	}
	_, err := parseAnnounce([]byte("de"), 100, true)
	require.NoError(t, err, "an answer to stopped may be empty")
	var syntax *bencode.SyntaxError
	_, err = parseAnnounce([]byte("d3:a"), 100, false)
	require.ErrorAs(t, err, &syntax)
}

// TestParseAnnounceIgnores checks that what is wrong in an answer does not spoil the rest,
// and is named.
func TestParseAnnounceIgnores(t *testing.T) {
	const peers4, peers6 = "5:peers6:\xc0\x00\x02\x01\x1a\xe1", "6:peers618:\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x1a\xe1"
	const four, six = "192.0.2.1:6881", "[2001:db8::1]:6881"
	long := strings.Repeat("x", 600)
	for _, test := range []struct {
		name, body string
		peers      []string
		ignored    string
	}{
		{"11 bytes of peers", "d8:intervali60e5:peers11:\xc0\x00\x02\x01\x1a\xe1\x01\x02\x03\x04\x05e", []string{four}, "the last 5 bytes of peers"},
		{"19 bytes of peers6", "d8:intervali60e6:peers619:" + peers6[11:] + "xe", []string{six}, "the last 1 byte of peers6"},
		{"peers6 is an integer", "d" + peers4 + "6:peers6i0ee", []string{four}, "peers6, which is an integer"},
		{"peers6 is a dictionary", "d" + peers4 + "6:peers6dee", []string{four}, "peers6, which is a dictionary"},
		{"peers is an integer", "d5:peersi0e" + peers6 + "e", []string{six}, "peers, which is an integer"},
		{"peers has 5 bytes", "d5:peers5:abcde" + peers6 + "e", []string{six}, "the last 5 bytes of peers"},
		{"peers6 in a list", "d" + peers4 + "6:peers6lled2:ip11:2001:db8::14:porti6881eeee", []string{four, six}, "1 of 2 entries of peers6"}, // a list in the list
		{"one bad entry", "d5:peersld2:ip9:192.0.2.14:porti6881ee4:junkee", []string{four}, "1 of 2 entries of peers"},
		{"a DNS name is no mistake", "d5:peersld2:ip9:192.0.2.14:porti6881eed2:ip9:peer.test4:porti6881eeee", []string{four}, ""},
		{"bad entries of peers and peers6", "d5:peersl1:xd2:ip9:192.0.2.14:porti6881eee6:peers617:aaaaaaaaaaaaaaaaae", []string{four}, "1 of 2 entries of peers; the last 17 bytes of peers6"},
		{"two answers", "d" + peers4 + "ed" + peers4 + "e", []string{four}, "17 bytes after the end"},
		{"a byte after the end", "d" + peers4 + "ee", []string{four}, "1 byte after the end"},
		{"padding", "\ufeff\r\n d" + peers4 + "e\n\x00\x00", []string{four}, ""},
		{"numbers", "d8:completele10:incomplete1:x10:downloadedde8:intervall1:xe12:min interval0:" + peers4 + "e", []string{four},
			"interval, which is a list, not a number; min interval, which is a string, not a number; complete, which is a list, not a number; incomplete, which is a string, not a number; downloaded, which is a dictionary, not a number"},
		{"strings", "d11:external ipi5e10:tracker idi5e15:warning messagele" + peers4 + "e", []string{four},
			"external ip, which is an integer; warning message, which is a list; tracker id, which is an integer"},
		{"a long tracker id", "d10:tracker id600:" + long + peers4 + "e", []string{four}, "tracker id, which has 600 bytes"},
		{"failure reason", "d14:failure reasoni5e" + peers4 + "e", []string{four}, "failure reason, which is an integer"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := parseAnnounce([]byte(test.body), 100, false)
			require.NoError(t, err)
			require.Equal(t, addresses(test.peers...), r.peers)
			require.Equal(t, test.ignored, strings.Join(r.ignored, "; "))
		})
	}
	r, err := parseAnnounce([]byte("d5:peersi5e15:warning message11:\nsecretkey\ne"), 100, true)
	require.NoError(t, err, "the answer to stopped needs no peers")
	require.Equal(t, "***; ignored in the answer: peers, which is an integer", r.warningText([]string{"secretkey"}))
}

func TestParseAnnounceFailure(t *testing.T) {
	for body, want := range map[string]FailureError{
		"d14:failure reason4:busye":                                    {Reason: "busy"},
		"d14:failure reason4:busy8:retry in1:5e":                       {Reason: "busy", RetryIn: 5 * time.Minute},
		"d14:failure reason4:busy8:retry ini5ee":                       {Reason: "busy", RetryIn: 5 * time.Minute},
		"d14:failure reason4:busy8:retry in5:nevere":                   {Reason: "busy", RetryIn: -1},
		"d14:failure reason4:busy8:retry in5:latere":                   {Reason: "busy"},
		"d14:failure reason4:busy8:retry ini-5ee":                      {Reason: "busy"},
		"d14:failure reason4:busy8:retry ini9223372036854775807ee":     {Reason: "busy", RetryIn: 365 * 24 * time.Hour},
		"d8:intervali5e14:failure reason0:5:peers6:iiiippe":            {Reason: "", Interval: 5 * time.Second},
		"d14:failure reason4:busy8:interval3:90012:min intervali600ee": {Reason: "busy", Interval: 15 * time.Minute, MinInterval: 10 * time.Minute},
		"d14:failure reason4:busy8:intervali-1e12:min intervallee":     {Reason: "busy"},
	} {
		_, err := parseAnnounce([]byte(body), 100, false)
		var failure *FailureError
		require.ErrorAs(t, err, &failure, body)
		require.Equal(t, want, *failure)
	}
}

func TestParseAnnounceBoundsPeers(t *testing.T) {
	peers := strings.Repeat("\xc0\x00\x02\x01\x1a\xe1", 1000)
	body := fmt.Sprintf("d8:intervali60e5:peers%d:%s6:peers618:iiiiiiiiiiiiiiiippe", len(peers), peers)
	r, err := parseAnnounce([]byte(body), 10, false)
	require.NoError(t, err)
	require.Len(t, r.peers, 10)
	list := "d5:peersl" + strings.Repeat("d2:ip9:192.0.2.14:porti6881ee", 1000) + "ee"
	r, err = parseAnnounce([]byte(list), 10, false)
	require.NoError(t, err)
	require.Len(t, r.peers, 10)
}

func BenchmarkParseAnnounce(b *testing.B) {
	body := []byte("d8:completei5e10:incompletei7e8:intervali1800e12:min intervali300e5:peers1200:" + strings.Repeat("\xc0\x00\x02\x01\x1a\xe1", 200) + "e")
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseAnnounce(body, 3000, false); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzParseAnnounce(f *testing.F) {
	for _, seed := range []string{
		twoPeers, "", "de", "d14:failure reason4:busy8:retry in5:nevere",
		"d8:intervali1800e5:peers6:iiiipp6:peers618:iiiiiiiiiiiiiiiippe",
		"d8:intervali60e5:peersld2:ip9:192.0.2.14:porti6881eeee",
		"\ufeffd8:intervalle5:peers11:iiiippiiiii6:peers6i0eejunk\x00", "d5:peersl1:xd2:ip9:192.0.2.14:porti6881eeee",
		"d8:interval2:6011:external ip4:\xc0\x00\x02\x0710:tracker id3:a\x00b15:warning message4:slowe",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		const limit = 50
		r, err := parseAnnounce(body, limit, false)
		if err != nil {
			var wrong *ResponseError
			var failure *FailureError
			if !errors.As(err, &wrong) && !errors.As(err, &failure) {
				t.Fatalf("error %v has an undocumented type", err)
			}
			return
		}
		if len(r.peers) > limit {
			t.Fatalf("%d peers", len(r.peers))
		}
		warning := r.warningText(nil)
		if len(warning) > 1000 || strings.ContainsFunc(warning, unicode.IsControl) {
			t.Fatalf("warning %q", warning)
		}
		for _, p := range r.peers {
			if !p.IsValid() || p.Port() == 0 || p.Addr().IsUnspecified() || p.Addr().Is4In6() || p.Addr().Zone() != "" {
				t.Fatalf("peer %v", p)
			}
		}
		if r.interval < 0 || r.minInterval < 0 || r.seeds < -1 || r.leechers < -1 || r.completed < -1 {
			t.Fatalf("response %+v", r)
		}
	})
}
