package udptracker

import (
	"context"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

func contextWithCancel(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

// The layouts of https://www.bittorrent.org/beps/bep_0015.html#udp-tracker-protocol.
func TestRequestsOnTheWire(t *testing.T) {
	require.Equal(t, "0000041727101980"+"00000000"+"01020304", hex.EncodeToString(connectPacket(0, 0x01020304)))
	a := announcement(swarm.Started)
	q := announceRequest{a: a, event: a.Event, want: 50, key: 0xcafe0001, ip: netip.MustParseAddr("198.51.100.7")}
	require.Equal(t, "1122334455667788"+"00000001"+"01020304"+
		"0102030000000000000000000000000000000000"+"2d534c303031302d6162636465666768696a6b6c"+
		"0000000000000002"+"0000000000000001"+"0000000000000003"+ // downloaded, left, uploaded
		"00000002"+"c6336407"+"cafe0001"+"00000032"+"1ae1", hex.EncodeToString(q.packet(0x1122334455667788, 0x01020304)))
	require.Equal(t, "1122334455667788"+"00000002"+"01020304"+
		"0102030000000000000000000000000000000000"+"0900000000000000000000000000000000000000",
		hex.EncodeToString(scrapePacket([]swarm.ID{{1, 2, 3}, {9}})(0x1122334455667788, 0x01020304)))
	for event, want := range map[swarm.Event]byte{swarm.None: 0, swarm.Completed: 1, swarm.Started: 2, swarm.Stopped: 3, 200: 0} {
		q.event = event
		require.Equal(t, want, q.packet(0, 0)[83])
	}
	odd := announceRequest{a: swarm.Announcement{Left: -1, Uploaded: -1, Downloaded: -1}, want: -1}.packet(0, 0)
	require.Equal(t, "0000000000000000"+"0000000000004000"+"0000000000000000", hex.EncodeToString(odd[56:80]))
	require.Equal(t, "00000000"+"0001", hex.EncodeToString(odd[92:])) // nobody listens on port 1
}

// The examples of https://www.bittorrent.org/beps/bep_0041.html#examples, and a URL that
// needs several options.
func TestURLData(t *testing.T) {
	long := "/" + strings.Repeat("a", 300) + "?b=" + strings.Repeat("c", 300)
	for url, want := range map[string]string{
		"udp://tracker.example.com:80/dir?a=b&c=d": "\x02\x0c/dir?a=b&c=d",
		"udp://tracker.example.com:80":             "",
		"udp://tracker.example.com:80/":            "\x02\x01/",
		"udp://tracker.example.com:80?a=b":         "\x02\x04?a=b",
		"udp://tracker.example.com:80/a%20b#c":     "\x02\x06/a%20b",
		"udp://tracker.example.com:80" + long:      "\x02\xff" + long[:255] + "\x02\xff" + long[255:510] + "\x02\x5e" + long[510:],
	} {
		to, err := parseTarget(url)
		require.NoError(t, err)
		b := announceRequest{urlData: to.data}.packet(0, 0)
		require.Equal(t, want, string(b[announceLength:]), url)
	}
	_, err := New("udp://tracker.example.com:80/"+strings.Repeat("a", 1124), Config{})
	require.EqualError(t, err, "udptracker: with the path and query of this URL an announce has 1233 bytes, more than the 1232 of a packet; check the URL")
	var long2 *TooLongError
	require.ErrorAs(t, err, &long2)
	_, err = New("udp://tracker.example.com:80/"+strings.Repeat("a", 1123), Config{})
	require.NoError(t, err)
}

// The answer of https://www.bittorrent.org/beps/bep_0015.html#announce in both families.
func TestParseAnnounce(t *testing.T) {
	body, err := hex.DecodeString("00000708" + "00000005" + "00000003" + "c0000201" + "1ae1" + "c0000202" + "0000" + "c0000203" + "0001" + "c00002")
	require.NoError(t, err)
	r := parseAnnounce(body, false, 10)
	require.Equal(t, []swarm.Address{{AddrPort: netip.MustParseAddrPort("192.0.2.1:6881")}, {AddrPort: netip.MustParseAddrPort("192.0.2.3:1")}}, r.peers)
	require.Equal(t, "the last 3 bytes of the answer, which are no whole address, were ignored", r.warning)
	require.Equal(t, []int{5, 3}, []int{r.leechers, r.seeds})
	require.Len(t, parseAnnounce(body, false, 1).peers, 1)
	body, err = hex.DecodeString("00000708" + "00000005" + "00000003" + "20010db8000000000000000000000001" + "1ae1" + "00000000000000000000ffffc0000201" + "0001" + "ff020000000000000000000000000001" + "0001")
	require.NoError(t, err)
	r = parseAnnounce(body, true, 10)
	require.Equal(t, []swarm.Address{{AddrPort: netip.MustParseAddrPort("[2001:db8::1]:6881")}, {AddrPort: netip.MustParseAddrPort("192.0.2.1:1")}}, r.peers)
	require.Empty(t, r.warning)
}

// https://www.bittorrent.org/beps/bep_0015.html#scrape: 74 swarms fit into a packet.
func TestScrape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		s := newServer(t, n.at(server4))
		ids := make([]swarm.ID, 150)
		for i := range ids {
			ids[i][0] = byte(i)
			s.swarms[ids[i]] = map[netip.AddrPort]bool{}
			for k := range i {
				s.swarms[ids[i]][netip.AddrPortFrom(our4, uint16(k+1))] = k%2 == 0
			}
		}
		counts, err := Scrape(t.Context(), url4, n.config(), ids...)
		require.NoError(t, err)
		require.Len(t, counts, 150)
		for i, id := range ids {
			require.Equal(t, Counts{Seeds: (i + 1) / 2, Leechers: i / 2, Completed: 7}, counts[id])
		}
		require.Equal(t, []string{"connect", "scrape 74", "scrape 74", "scrape 2"}, s.take())
		s.change = func(b []byte) [][]byte {
			if b[3] == actionScrape {
				b = b[:len(b)-1] // the last entry is not whole
			}
			return [][]byte{b}
		}
		counts, err = Scrape(t.Context(), url4, n.config(), ids[:3]...)
		require.NoError(t, err)
		require.Len(t, counts, 2)
		s.silent = func(action uint32) bool { return action == actionScrape }
		_, err = Scrape(t.Context(), url4, n.config(), ids[:3]...)
		require.EqualError(t, err, "udptracker: scrape udp://203.0.113.1:6969/announce: no answer came for 45s")
		ctx, cancel := contextWithCancel(t)
		cancel()
		_, err = Scrape(ctx, url4, n.config(), ids[:3]...)
		require.ErrorIs(t, err, context.Canceled)
		_, err = Scrape(t.Context(), "http://tracker.test", n.config(), ids[:3]...)
		require.Error(t, err)
		counts, err = Scrape(t.Context(), url4, n.config())
		require.NoError(t, err)
		require.Empty(t, counts)
	})
}

// FuzzAnswer reads packets as a socket does.
func FuzzAnswer(f *testing.F) {
	for _, text := range []string{
		"0000000001020304" + "1122334455667788",
		"0000000101020304" + "00000708" + "00000005" + "00000003" + "c00002011ae1",
		"0000000201020304" + "000000010000000200000003",
		"0000000301020304" + "6e6f",
		"00",
	} {
		b, err := hex.DecodeString(text)
		require.NoError(f, err)
		f.Add(b, true)
	}
	f.Fuzz(func(t *testing.T, b []byte, is6 bool) {
		from := netip.MustParseAddrPort(server4)
		for action := range uint32(3) {
			s := newSocket(nil, nil)
			x := &transaction{to: from, action: action, replies: make(chan reply, 1)}
			s.waiting[0x01020304] = x
			s.dispatch(b, from)
			if len(x.replies) == 0 {
				require.Equal(t, 1, s.ignored)
				continue
			}
			require.Empty(t, s.waiting)
			r := <-x.replies
			e := exchange{socket: s, servers: []netip.AddrPort{from}, schedule: new(schedule), action: action}
			body, done, _, err := e.handle(r)
			if err != nil || !done {
				continue
			}
			switch action {
			case actionAnnounce:
				got := parseAnnounce(body, is6, 100)
				require.LessOrEqual(t, len(got.peers), 100)
				require.GreaterOrEqual(t, got.interval, time.Duration(0))
				for _, p := range got.peers {
					require.True(t, p.IsValid() && p.Port() != 0)
				}
			case actionScrape:
				counts := make(map[swarm.ID]Counts)
				parseScrape(body, []swarm.ID{{1}, {2}}, counts)
				require.LessOrEqual(t, len(counts), 2)
			}
		}
	})
}
