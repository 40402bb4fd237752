package trackerserver

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// TestUDPExchange is a transcript of connects, announces and scrapes of both families.
func TestUDPExchange(t *testing.T) {
	r, _ := responderOf(Config{Interval: 10 * time.Minute})
	one, two, three := clientFrom(t, r, "192.0.2.1:5000"), clientFrom(t, r, "[::ffff:192.0.2.2]:5000"), clientFrom(t, r, "[2001:db8::3]:5000")
	const interval = "00000258"
	for i, step := range []struct {
		c    *udpClient
		a    announcePacket
		want string // leechers, seeds, peers
	}{
		{one, announcePacket{peer: 1, left: 5, event: 2, want: -1}, "00000001" + "00000000"},
		{two, announcePacket{peer: 2, left: 5, event: 2, want: -1}, "00000002" + "00000000" + "c000020103e9"},
		{two, announcePacket{peer: 2, left: 5, event: 2, want: -1}, "00000002" + "00000000" + "c000020103e9"},
		{three, announcePacket{peer: 3, left: 0, event: 1, want: -1}, "00000002" + "00000001"},
		{three, announcePacket{peer: 3, left: 0, event: 1, want: -1}, "00000002" + "00000001"},
		{one, announcePacket{peer: 1, left: 5, want: 0}, "00000002" + "00000001"},
		{one, announcePacket{peer: 1, left: 5, want: -1, ip: "192.0.2.99"}, "00000002" + "00000001" + "c000020203ea"},
		{one, announcePacket{peer: 1, left: 5, event: 4, want: -1}, "00000002" + "00000001" + "c000020203ea"},
		{two, announcePacket{peer: 2, left: 0, event: 99, want: 7}, "00000001" + "00000002" + "c000020103e9"}, // there is no leecher
		{two, announcePacket{peer: 2, left: 1 << 63, want: 7}, "00000002" + "00000001" + "c000020103e9"},
		{two, announcePacket{peer: 2, event: 3, want: 7}, "00000001" + "00000001"},
	} {
		require.Equal(t, headerOf(actionAnnounce)+interval+step.want, hex.EncodeToString(step.c.announce(step.a)), i)
	}
	four := clientFrom(t, r, "[2001:db8:0:1::4]:5000")
	require.Equal(t, headerOf(actionAnnounce)+interval+"00000002"+"00000001"+"20010db8000000000000000000000003"+"03eb",
		hex.EncodeToString(four.announce(announcePacket{peer: 4, left: 1, want: -1})), "only peers of its family")
	require.Equal(t, headerOf(actionScrape)+strings.Repeat("0", 24)+"000000010000000100000002",
		hex.EncodeToString(four.scrape(numbered(7), someSwarm)), "seeds, completed, leechers")
	r.flush()
	r.flush()
	stats := r.server.Stats()
	require.Equal(t, UDPStats{Connects: 4, Announces: 12, Scrapes: 1}, stats.UDP)
	require.Equal(t, Stats{Announces: 12, Scrapes: 1, UDP: stats.UDP, Totals: Totals{Swarms: 1, Peers: 3, Seeds: 1}}, stats)
	require.Contains(t, ask(r.server, "192.0.2.1:1", announceURL(1, "")).Body.String(), "6:peers636:", "HTTP has the same swarms, and peers of both families")
}

// TestUDPTrustIP checks when the field IP address counts.
func TestUDPTrustIP(t *testing.T) {
	for ip, want := range map[string]string{"192.0.2.99": "192.0.2.99", "0.0.0.0": "192.0.2.1", "224.0.0.1": "192.0.2.1"} {
		var got netip.AddrPort
		r, _ := responderOf(Config{TrustIP: true, Handler: handlerFunc(func(r *Request, _ *Reply) error {
			got = r.Addr
			return nil
		})})
		clientFrom(t, r, "192.0.2.1:5000").announce(announcePacket{peer: 1, ip: ip})
		require.Equal(t, want+":1001", got.String())
		clientFrom(t, r, "[2001:db8::1]:5000").announce(announcePacket{peer: 1, ip: ip})
		require.Equal(t, "[2001:db8::1]:1001", got.String(), "the field is for IPv4")
	}
}

func TestConnectionID(t *testing.T) {
	k := connectionIDs{key: newConnectionKey()}
	now := time.Unix(1_800_000_000, 0)
	for _, text := range []string{"192.0.2.1", "2001:db8::1", "::"} {
		a := netip.MustParseAddr(text)
		id := k.id(a, now)
		for d, want := range map[time.Duration]bool{
			0: true, time.Minute: true, 2 * time.Minute: true, 121 * time.Second: false,
			256 * time.Second: false, 300 * time.Second: false, time.Hour: false, -time.Second: false, -256 * time.Second: false,
		} {
			require.Equal(t, want, k.valid(id, a, now.Add(d)), d)
		}
		require.False(t, k.valid(id, a.Next(), now))
		other := connectionIDs{key: newConnectionKey()}
		require.False(t, other.valid(id, a, now))
		for bit := range 64 {
			require.False(t, k.valid(id^1<<bit, a, now))
		}
	}
}

// TestUDPConnectionIDs checks which requests are answered, and that the errors of others
// tell them to connect.
func TestUDPConnectionIDs(t *testing.T) {
	r, k := responderOf(Config{})
	c := clientFrom(t, r, "192.0.2.1:5000")
	c.from = netip.MustParseAddrPort("192.0.2.1:5001")
	require.Len(t, c.announce(announcePacket{peer: 1}), 20, "another port of the same address")
	forged := &udpClient{r: r, now: k.now, from: netip.MustParseAddrPort("192.0.2.2:5000"), id: c.id}
	require.Equal(t, "connection id expired", errorOf(t, forged.announce(announcePacket{peer: 2})))
	require.Equal(t, "connection id expired", errorOf(t, forged.scrape(someSwarm)))
	require.Empty(t, forged.scrape(), "the error would be longer than the request")
	k.advance(2 * time.Minute)
	require.Len(t, c.announce(announcePacket{peer: 1}), 20)
	k.advance(time.Second)
	require.Equal(t, "connection id expired", errorOf(t, c.announce(announcePacket{peer: 1})))
	r.flush()
	require.Equal(t, UDPStats{Connects: 1, Announces: 2, Unproven: 4}, r.server.Stats().UDP)
	require.Equal(t, 1, r.server.Stats().Peers)
}

// TestUDPIgnores sends packets that are no requests.
func TestUDPIgnores(t *testing.T) {
	r, _ := responderOf(Config{})
	c := clientFrom(t, r, "192.0.2.1:5000")
	announce := announcePacket{peer: 1}.bytes(c.id)
	bad := [][]byte{
		nil, announce[:15], announce[:16], announce[:97],
		requestPacket(protocolID, actionConnect)[:15], requestPacket(protocolID+1, actionConnect), requestPacket(c.id, actionConnect),
		requestPacket(c.id, actionError), requestPacket(c.id, 4), requestPacket(protocolID, 1<<31),
		append(announce, make([]byte, maxRequest)...),
	}
	for _, packet := range bad {
		require.Empty(t, c.send(packet), "%x", packet)
	}
	c.from = netip.MustParseAddrPort("192.0.2.1:0")
	require.Empty(t, c.send(announce), "nobody can be answered at port 0")
	r.flush()
	require.Equal(t, UDPStats{Connects: 1, Ignored: uint64(len(bad)) + 1}, r.server.Stats().UDP)
	longer := append(requestPacket(protocolID, actionConnect), "later versions may have more"...)
	c.from = netip.MustParseAddrPort("192.0.2.1:1")
	require.Len(t, c.send(longer), 16)
}

// TestUDPForgedFlood sends many requests with forged addresses, and checks that they leave
// nothing in memory and get no more bytes than they have.
func TestUDPForgedFlood(t *testing.T) {
	r, k := responderOf(Config{})
	const flood = 30_000
	for i := range flood {
		c := udpClient{r: r, now: k.now, from: netip.AddrPortFrom(ipv4Of(i), uint16(1+i%65535)), id: uint64(i) << 32}
		for _, packet := range [][]byte{requestPacket(protocolID, actionConnect), announcePacket{peer: 1}.bytes(c.id), append(requestPacket(c.id, actionScrape), someSwarm[:]...)} {
			require.LessOrEqual(t, len(c.send(packet)), len(packet))
		}
	}
	r.flush()
	require.Equal(t, Stats{UDP: UDPStats{Connects: flood, Unproven: 2 * flood}}, r.server.Stats())
	c := udpClient{r: r, now: k.now, from: netip.MustParseAddrPort("192.0.2.1:1"), id: 5}
	packet, answer := announcePacket{peer: 1}.bytes(c.id), make([]byte, 0, maxAnswer)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		r.answer(context.Background(), answer, k.now(), c.from, packet)
	}))
}

// TestUDPPortsOfOneAddress checks that the limits for an address hold.
func TestUDPPortsOfOneAddress(t *testing.T) {
	r, _ := responderOf(Config{MaxPeersPerAddress: 30, MaxSwarmsPerAddress: 1})
	c := clientFrom(t, r, "192.0.2.1:5000")
	for i := range 1000 {
		c.announce(announcePacket{peer: i, left: 1})
	}
	require.Equal(t, Totals{Swarms: 1, Peers: 30}, r.server.Stats().Totals)
	other := announcePacket{peer: 1, left: 1}.bytes(c.id)
	other[16]++
	require.Len(t, c.send(other), 20, "it gets peers, but is not kept")
	require.Equal(t, 1, r.server.Stats().Swarms)
}

// TestUDPAnswersFit asks for as many peers and counts as fit.
func TestUDPAnswersFit(t *testing.T) {
	r, k := responderOf(Config{MaxWant: -1})
	for i := range 500 {
		for _, a := range []netip.Addr{ipv4Of(i), ipv6Of(i)} {
			q := &Request{Swarm: someSwarm, Peer: numberedPeer(i), Addr: netip.AddrPortFrom(a, 1), Left: 1}
			require.NoError(t, r.server.config.Handler.Announce(context.Background(), q, new(Reply)))
		}
	}
	require.Len(t, clientFrom(t, r, "192.0.2.1:1").announce(announcePacket{peer: 1, want: 1<<31 - 1}), 20+6*202)
	c := clientFrom(t, r, "[2001:db8:ffff::1]:1")
	require.Len(t, c.announce(announcePacket{peer: 1, want: 1<<31 - 1}), 20+18*67)
	require.Len(t, c.announce(announcePacket{peer: 1, want: -1}), 20+18*50)
	require.Len(t, c.announce(announcePacket{peer: 1, want: 3}), 20+18*3)
	require.Len(t, c.scrape(make([]swarm.ID, 74)...), 8+12*74)
	require.Equal(t, "the scrape names too many swarms", errorOf(t, c.scrape(make([]swarm.ID, 75)...)))
	require.Len(t, c.send(append(requestPacket(c.id, actionScrape), make([]byte, 59)...)), 8+12*2, "the rest is no info hash")
	require.Equal(t, "info_hash is missing", errorOf(t, c.scrape()))
	long := newResponder(New(Config{Now: k.now, Handler: handlerFunc(func(*Request, *Reply) error {
		return &Refusal{Reason: strings.Repeat("x", 5000)}
	})}))
	require.Len(t, clientFrom(t, long, "192.0.2.1:1").announce(announcePacket{}), maxAnswer)
}

// TestUDPHandler checks what a Handler learns and what of its answer is sent.
func TestUDPHandler(t *testing.T) {
	var got Request
	r, _ := responderOf(Config{MaxWant: 9, Handler: handlerFunc(func(q *Request, reply *Reply) error {
		got = *q
		switch q.Path {
		case "/key/announce":
			*reply = Reply{Interval: 1500 * time.Millisecond, Counts: Counts{Seeds: 1, Leechers: math.MaxInt}, Warning: "not sent", Peers: []Peer{
				{Addr: netip.MustParseAddrPort("[2001:db8::1]:1")}, {Addr: netip.MustParseAddrPort("[::ffff:192.0.2.7]:2")},
			}}
			return nil
		case "/slow":
			return &Refusal{Reason: "slow down", RetryIn: time.Minute}
		}
		return fmt.Errorf("secret")
	})})
	c := clientFrom(t, r, "192.0.2.1:5000")
	answer := c.announce(announcePacket{peer: 1, left: 5, event: 4, want: 1000, options: "\x02\x0f/key/announce?q"})
	require.Equal(t, headerOf(actionAnnounce)+"00000002"+"7fffffff"+"00000001"+"c00002070002", hex.EncodeToString(answer))
	require.Equal(t, Request{
		Swarm:       someSwarm,
		Peer:        swarm.PeerID([]byte(fmt.Sprintf("%020d", 1))),
		Addr:        netip.MustParseAddrPort("192.0.2.1:1001"),
		Downloaded:  1,
		Left:        5,
		Uploaded:    2,
		Want:        9,
		PartialSeed: true,
		SameFamily:  true,
		Path:        "/key/announce",
		Query:       "q",
	}, got)
	require.Equal(t, "slow down", errorOf(t, c.announce(announcePacket{options: "\x02\x05/slow"})))
	require.Equal(t, "something is wrong with the tracker", errorOf(t, c.announce(announcePacket{})))
	require.Equal(t, "something is wrong with the tracker", errorOf(t, c.scrape(someSwarm)))
	r.flush()
	require.EqualValues(t, 3, r.server.Stats().Refused)
}

// TestURLData reads options: https://www.bittorrent.org/beps/bep_0041.html#examples.
func TestURLData(t *testing.T) {
	long := strings.Repeat("x", 255)
	for options, want := range map[string]string{
		"":                                    "",
		"\x02\x0c/dir?a=b&c=d":                "/dir?a=b&c=d",
		"\x02\x0c/dir?a=b&c=d\x01\x01\x00":    "/dir?a=b&c=d",
		"\x02\x00":                            "",
		"\x01\x02\x02/a\x01\x02\x02/b\x00":    "/a/b",
		"\x02\x02/a\x00\x02\x02/b":            "/a",
		"\xff\x03abc\x02\x01/":                "/",
		"\x02\x02/a\x02":                      "/a",
		"\x02\x02/a\x02\x05/b":                "/a",
		"\x02":                                "",
		"\x02\xff" + long + "\x02\xff" + long: long + long,
	} {
		require.Equal(t, want, string(appendURLData(nil, []byte(options))), "%q", options)
	}
	for data, want := range map[string][2]string{
		"": {}, "/announce": {"/announce"}, "/a?b?c": {"/a", "b?c"}, "?": {}, "/announce?": {"/announce"}, "?x": {"", "x"},
	} {
		path, query := splitURLData([]byte(data))
		require.Equal(t, want, [2]string{path, query})
	}
}

func TestUDPAnnounceAllocatesNothing(t *testing.T) {
	r, k := responderOf(Config{})
	for i := range 100 {
		q := &Request{Swarm: someSwarm, Peer: numberedPeer(i), Addr: netip.AddrPortFrom(ipv4Of(i), 1), Left: 1}
		require.NoError(t, r.server.config.Handler.Announce(context.Background(), q, new(Reply)))
	}
	c := clientFrom(t, r, "192.0.2.1:1")
	packet := announcePacket{peer: 1, left: 1, want: -1, options: "\x02\x09/announce"}.bytes(c.id)
	answer := make([]byte, 0, maxAnswer)
	require.Len(t, c.send(packet), 20+6*50)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		r.answer(context.Background(), answer, k.now(), c.from, packet)
	}))
}

// FuzzAnswer sends any packet twice, from a sender that is proven and from one that is not.
func FuzzAnswer(f *testing.F) {
	f.Add(requestPacket(protocolID, actionConnect), true)
	f.Add(announcePacket{peer: 1, event: 2, want: -1, options: "\x02\x03/?a\x01\x00"}.bytes(0), false)
	f.Add(append(requestPacket(0, actionScrape), make([]byte, 40)...), true)
	f.Fuzz(func(t *testing.T, packet []byte, is4 bool) {
		k := newClock()
		r := newResponder(New(Config{MaxSwarms: 3, MaxPeers: 3, Now: k.now}))
		from, peerSize := netip.MustParseAddrPort("[2001:db8::1]:1"), 18
		if is4 {
			from, peerSize = netip.MustParseAddrPort("192.0.2.1:1"), 6
		}
		before := bytes.Clone(packet)
		unproven := r.answer(t.Context(), nil, k.now(), from, packet)
		if len(unproven) > len(packet) {
			t.Fatalf("%d bytes for %d", len(unproven), len(packet))
		}
		if len(packet) >= headerSize {
			packet = bytes.Clone(packet)
			binary.BigEndian.PutUint64(packet, r.ids.id(from.Addr(), k.now()))
			before = bytes.Clone(packet)
		}
		for range 2 {
			answer := r.answer(t.Context(), nil, k.now(), from, packet)
			if !bytes.Equal(before, packet) {
				t.Fatal("the packet was changed")
			}
			if len(answer) == 0 {
				continue
			}
			if len(answer) > maxAnswer || !bytes.Equal(answer[4:8], packet[12:16]) {
				t.Fatalf("%x", answer)
			}
			action := binary.BigEndian.Uint32(answer)
			ok := action == actionError && len(answer) > 8 ||
				action == actionAnnounce && (len(answer)-20)%peerSize == 0 ||
				action == actionScrape && (len(answer)-8)%12 == 0
			if !ok {
				t.Fatalf("%x", answer)
			}
		}
		if n := r.server.Stats(); n.Swarms > 1 || n.Peers > 1 {
			t.Fatalf("%+v", n)
		}
	})
}
