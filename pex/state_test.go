package pex

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/protocol/extension"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// A torrent is a State of a complete torrent with peer exchange.
type torrent struct {
	t       *testing.T
	state   *protocol.State
	now     time.Time
	number  uint8            // of our messages of peer exchange; 0 if we offer none
	dialed  []netip.AddrPort // since the last call of take
	hungUp  []swarm.Peer
	tallies map[swarm.Peer]*protocol.Tally
}

func newTorrent(t *testing.T, private bool) *torrent {
	config := &protocol.Config{PeerID: swarm.PeerID{1}, MaxPeers: -1, Extensions: []extension.Maker{New}}
	x := &torrent{t: t, now: start, tallies: make(map[swarm.Peer]*protocol.Tally)}
	x.state = protocol.New(start, protocol.Setup{
		Swarms:   []swarm.ID{{1}},
		Geometry: &swarm.Geometry{Length: 1, PieceLength: 1},
		Config:   config,
		Have:     swarm.Bitfield{0x80},
		Port:     6881,
		Private:  private,
	})
	x.apply(protocol.Start{})
	return x
}

// apply takes an input in, and notes whom the State dials and leaves.
func (x *torrent) apply(in protocol.Input) {
	x.state.Apply(x.now, in)
	turn := x.state.Settle(x.now)
	for _, e := range turn.Effects {
		switch e := e.(type) {
		case protocol.Dial:
			x.dialed = append(x.dialed, e.Addr)
		case protocol.Hangup:
			x.hungUp = append(x.hungUp, e.Peer)
		}
	}
	d := peerwire.NewDecoder(peerwire.Limits{Geometry: swarm.Geometry{Length: 1, PieceLength: 1}, Fast: true})
	for _, o := range turn.Out {
		for b := o.Bytes; len(b) > 0; {
			m, n, _, err := d.Decode(b)
			require.NoError(x.t, err)
			if m.Kind == peerwire.Extended && m.ExtID == 0 {
				hello, err := peerwire.ParseExtendedHandshake(m.Data)
				require.NoError(x.t, err)
				x.number = hello.M[peerwire.PEXName]
			}
			b = b[n:]
		}
	}
}

// joins has a peer join that wants the torrent, has peer exchange, and listens at port 6881.
func (x *torrent) joins(p swarm.Peer, addr string, outgoing bool) {
	x.tallies[p] = new(protocol.Tally)
	x.apply(protocol.Joined{
		Peer:     p,
		Addr:     netip.MustParseAddrPort(addr),
		ID:       swarm.PeerID{2, byte(p)},
		Swarm:    swarm.ID{1},
		Outgoing: outgoing,
		Fast:     true,
		Extended: true,
		Tally:    x.tallies[p],
	})
	hello := peerwire.ExtendedHandshake{P: 6881, M: peerwire.Extensions{peerwire.PEXName: 3}}
	x.sends(p, peerwire.Message{Kind: peerwire.HaveNone}, peerwire.Message{Kind: peerwire.Extended, Data: hello.AppendTo(nil)}, peerwire.Message{Kind: peerwire.Interested})
}

// names has a peer send a message of peer exchange.
func (x *torrent) names(p swarm.Peer, body []byte) {
	x.sends(p, peerwire.Message{Kind: peerwire.Extended, ExtID: max(x.number, 1), Data: body})
}

func (x *torrent) sends(p swarm.Peer, all ...peerwire.Message) {
	x.apply(&protocol.Received{Peer: p, Messages: all})
}

// take returns whom the State dialed since the last call.
func (x *torrent) take() string {
	var words []string
	for _, a := range x.dialed {
		words = append(words, a.String())
	}
	x.dialed = nil
	return strings.Join(words, " ")
}

// added returns a message that adds the addresses in a text.
func added(text string) []byte {
	var m peerwire.PEX
	for word := range strings.FieldsSeq(text) {
		m.Added = append(m.Added, swarm.Address{AddrPort: netip.MustParseAddrPort(word)})
	}
	return m.AppendTo(nil)
}

// TestUnwanted has peers name addresses to a State: most are not dialed, and they are counted.
func TestUnwanted(t *testing.T) {
	for _, test := range []struct {
		name    string
		from    string // who names them
		before  func(x *torrent)
		named   string
		dialed  string
		ignored int64
	}{
		{
			name:    "what is more local than a public peer",
			from:    "198.51.100.1:1",
			named:   "10.0.0.1:1 20.0.0.1:1 127.0.0.1:1 169.254.0.1:1 192.168.0.1:1 [::1]:1 [fd00::1]:1 [fe80::1]:1 [::ffff:10.0.0.2]:1",
			dialed:  "20.0.0.1:1",
			ignored: 8,
		},
		{
			name:    "what is more local than a private peer",
			from:    "192.168.0.9:1",
			named:   "10.0.0.1:1 20.0.0.1:1 127.0.0.1:1 169.254.0.1:1 [::1]:1 [fe80::1]:1",
			dialed:  "10.0.0.1:1 20.0.0.1:1",
			ignored: 4,
		},
		{
			name:    "where nobody can be",
			from:    "198.51.100.1:1",
			named:   "20.0.0.1:0 0.0.0.0:1 224.0.0.1:1 [::]:1 [ff02::1]:1 [2001:db8::1]:0",
			ignored: 6,
		},
		{
			name: "ourselves",
			from: "198.51.100.1:1",
			before: func(x *torrent) {
				for i := range 9 {
					x.apply(protocol.OwnAddress{From: numbered(i << 8).Addr(), Addr: netip.MustParseAddr("203.0.113.7")})
				}
			},
			named:   "203.0.113.7:6881",
			ignored: 1,
		},
		{
			name: "ourselves, once it turned out",
			from: "198.51.100.1:1",
			before: func(x *torrent) {
				x.joins(2, "198.51.101.2:1", false)
				x.names(2, added("203.0.113.7:6881"))
				require.Equal(t, "203.0.113.7:6881", x.take())
				x.apply(protocol.Unreached{Addr: netip.MustParseAddrPort("203.0.113.7:6881"), Why: addressbook.Self})
			},
			named: "203.0.113.7:6881",
		},
		{
			name: "somebody whom we dialed",
			from: "198.51.100.1:1",
			before: func(x *torrent) {
				x.joins(2, "20.0.0.1:6881", true)
			},
			named: "20.0.0.1:6881",
		},
		{
			name: "somebody who dialed us",
			from: "198.51.100.1:1",
			before: func(x *torrent) {
				x.joins(2, "20.0.0.1:50000", false)
			},
			named: "20.0.0.1:6881",
		},
		{
			name: "another port of a host that is known",
			from: "198.51.100.1:1",
			before: func(x *torrent) {
				x.apply(protocol.Found{Addrs: []swarm.Address{numbered(1)}, FromSource: true})
				require.Equal(t, "20.0.0.1:6881", x.take())
			},
			named:   "20.0.0.1:80",
			ignored: 1,
		},
		{
			name: "a host that was dialed because a peer named it",
			from: "198.51.100.1:1",
			before: func(x *torrent) {
				x.joins(2, "198.51.101.2:1", false)
				x.names(2, added("20.0.0.1:80"))
				require.Equal(t, "20.0.0.1:80", x.take())
				for range 7 { // until it is forgotten
					x.apply(protocol.Unreached{Addr: netip.MustParseAddrPort("20.0.0.1:80"), Why: addressbook.Failed})
				}
				x.take()
			},
			named:   "20.0.0.1:81",
			ignored: 1,
		},
		{
			name:    "who is banned",
			from:    "198.51.100.1:1",
			before:  func(x *torrent) { x.apply(protocol.Ban{Addr: netip.MustParseAddr("20.0.0.1")}) },
			named:   "20.0.0.1:1 20.0.0.2:1",
			dialed:  "20.0.0.2:1",
			ignored: 1,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := newTorrent(t, false)
			x.joins(1, test.from, false)
			require.NotZero(t, x.number)
			if test.before != nil {
				test.before(x)
			}
			x.names(1, added(test.named))
			require.Equal(t, test.dialed, x.take())
			require.Equal(t, test.ignored, x.tallies[1].Ignored.Load())
			require.Empty(t, x.hungUp)
		})
	}
}

// TestUnwantedByPrivate: a private torrent does not offer peer exchange, and dials nobody of a
// message that comes nevertheless.
func TestUnwantedByPrivate(t *testing.T) {
	x := newTorrent(t, true)
	x.joins(1, "198.51.100.1:1", false)
	require.Zero(t, x.number)
	for number := range uint8(20) {
		x.sends(1, peerwire.Message{Kind: peerwire.Extended, ExtID: number + 2, Data: added("20.0.0.1:1")})
	}
	require.Empty(t, x.take())
	require.EqualValues(t, 20, x.tallies[1].Unknown.Load())
}

// TestLostPeers: what peers lost is nobody to dial, and nobody to leave or to forget.
func TestLostPeers(t *testing.T) {
	x := newTorrent(t, false)
	x.joins(1, "198.51.100.1:1", false)
	x.joins(2, "20.0.0.2:6881", true)
	x.names(1, added("20.0.0.3:6881"))
	require.Equal(t, "20.0.0.3:6881", x.take())
	known := x.state.Stats(x.now).Known
	for i, body := range [][]byte{
		peerwire.PEX{Dropped: numbers(0, 9)}.AppendTo(nil),
		[]byte("d7:dropped6:\x14\x00\x00\x03\x1a\xe1e"),
		[]byte("d7:dropped5:\x14\x00\x00\x03\x1ae"),
		[]byte("d7:droppedi1e8:dropped6lee"),
		[]byte("d7:dropped600:" + strings.Repeat("\x14\x00\x00\x02\x1a\xe1", 100) + "e"),
	} {
		x.now = x.now.Add(time.Minute)
		x.names(1, body)
		require.Empty(t, x.take(), i)
		require.Equal(t, known, x.state.Stats(x.now).Known)
	}
	require.Empty(t, x.hungUp)
	require.Zero(t, x.tallies[1].Ignored.Load())
}

// TestFlagsOfWrongLength: a complete torrent does not dial those who have everything. Flags
// that are missing, or of the wrong type, say nothing, and addresses count without them.
func TestFlagsOfWrongLength(t *testing.T) {
	four := "5:added12:\x14\x00\x00\x01\x1a\xe1\x14\x00\x00\x02\x1a\xe1"
	six := "6:added636:" + ipv6(1) + ipv6(2)
	for _, test := range []struct{ name, body, want string }{
		{"IPv4", "d" + four + "7:added.f2:\x02\x00e", "20.0.0.2:6881"},
		{"IPv4, one", "d" + four + "7:added.f1:\x02e", "20.0.0.2:6881"},
		{"IPv4, three", "d" + four + "7:added.f3:\x00\x02\x02e", "20.0.0.1:6881"},
		{"IPv4, a number", "d" + four + "7:added.fi2ee", "20.0.0.1:6881 20.0.0.2:6881"},
		{"IPv4, those of IPv6", "d" + four + "8:added6.f2:\x02\x02e", "20.0.0.1:6881 20.0.0.2:6881"},
		{"IPv6", "d" + six + "8:added6.f2:\x02\x00e", "[2001:db8::2]:6881"},
		{"IPv6, none", "d" + six + "8:added6.f0:e", "[2001:db8::1]:6881 [2001:db8::2]:6881"},
		{"IPv6, one", "d" + six + "8:added6.f1:\x02e", "[2001:db8::2]:6881"},
		{"IPv6, as many as bytes of addresses", "d" + six + "8:added6.f36:" + strings.Repeat("\x00\x02", 18) + "e", "[2001:db8::1]:6881"},
		{"IPv6, a list", "d" + six + "8:added6.fl1:\x02ee", "[2001:db8::1]:6881 [2001:db8::2]:6881"},
		{"IPv6, the last address is cut off", "d6:added635:" + ipv6(1) + ipv6(2)[:17] + "8:added6.f2:\x00\x00e", "[2001:db8::1]:6881"},
		{"both", "d" + four + "7:added.f1:\x02" + six + "8:added6.f1:\x02e", "20.0.0.2:6881 [2001:db8::2]:6881"},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := newTorrent(t, false)
			x.joins(1, "198.51.100.1:1", false)
			x.names(1, []byte(test.body))
			require.ElementsMatch(t, strings.Fields(test.want), strings.Fields(x.take()))
			require.Empty(t, x.hungUp)
		})
	}
}

// ipv6 returns 2001:db8:: plus i, and port 6881, as they are in a message.
func ipv6(i byte) string {
	return "\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + string(i) + "\x1a\xe1"
}

// TestNamedByMany: one peer names at most a quarter of the addresses that a torrent knows, all
// peers together half of them, and a source always has room for as many.
func TestNamedByMany(t *testing.T) {
	const most = 3000 // addresses that a torrent knows
	x := newTorrent(t, false)
	x.joins(1, "198.51.100.1:1", false)
	for i := range 20 {
		x.names(1, body(numbers(200*i, 200*i+200)))
		x.now = x.now.Add(time.Minute)
	}
	require.Equal(t, most/4, x.state.Stats(x.now).Known)
	require.Len(t, x.dialed, most/4)
	for p := swarm.Peer(2); p < 20; p++ {
		x.joins(p, fmt.Sprintf("198.51.%d.1:1", 100+p), false)
		x.names(p, body(numbers(10_000*int(p), 10_000*int(p)+200)))
	}
	require.Equal(t, most/2, x.state.Stats(x.now).Known)
	for i := range 3 {
		x.apply(protocol.Found{Addrs: numbers(900_000+1000*i, 901_000+1000*i), FromSource: true})
	}
	require.Equal(t, most, x.state.Stats(x.now).Known)
	fromSource := 0
	for _, a := range x.dialed {
		if a.Addr().As4()[1] >= 900_000>>16 {
			fromSource++
		}
	}
	require.GreaterOrEqual(t, fromSource, most/2)
	require.Empty(t, x.hungUp)
}
