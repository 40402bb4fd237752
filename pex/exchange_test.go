package pex

import (
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/ending"
	"github.com/shoal-bt/shoal/protocol/extension"
	"github.com/shoal-bt/shoal/protocol/report"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// open returns the session of a peer.
func open() (*link, extension.Session) {
	l := &link{addr: netip.MustParseAddrPort("198.51.100.1:1")}
	return l, New(extension.Torrent{}).Open(start, l, nil)
}

// numbers returns addresses i to j, without j.
func numbers(i, j int) (all []swarm.Address) {
	for ; i < j; i++ {
		all = append(all, numbered(i))
	}
	return all
}

// body returns a message that adds peers.
func body(added []swarm.Address) []byte { return peerwire.PEX{Added: added}.AppendTo(nil) }

// A private torrent has no peer exchange.
func TestPrivate(t *testing.T) {
	require.Nil(t, New(extension.Torrent{Private: true}))
	require.Equal(t, "ut_pex", New(extension.Torrent{}).Name())
}

// The first message has up to 200 peers, and later ones 50 that came and 50 that went, of both
// families together, until all is told.
func TestMessagesAreBounded(t *testing.T) {
	l, s := open()
	l.peers = numbers(0, 500)
	for i := range 40 {
		a := netip.MustParseAddr("2001:db8::").As16()
		a[15] = byte(i)
		l.peers = append(l.peers, swarm.Address{AddrPort: netip.AddrPortFrom(netip.AddrFrom16(a), 1)})
	}
	now := start.Add(time.Hour)
	s.Tick(now)
	require.Len(t, l.sent, 1)
	require.Len(t, l.sent[0].Added, 200)
	told := l.sent[0].Added
	for len(told) < 540 {
		l.sent = nil
		now = now.Add(time.Minute)
		s.Tick(now)
		require.Len(t, l.sent, 1)
		require.Len(t, l.sent[0].Added, min(50, 540-len(told)))
		told = append(told, l.sent[0].Added...)
	}
	require.ElementsMatch(t, l.peers, told)

	l.peers = nil
	var dropped []swarm.Address
	for len(dropped) < 540 {
		l.sent = nil
		now = now.Add(time.Minute)
		s.Tick(now)
		require.Len(t, l.sent, 1)
		require.Empty(t, l.sent[0].Added)
		require.Len(t, l.sent[0].Dropped, min(50, 540-len(dropped)))
		dropped = append(dropped, l.sent[0].Dropped...)
	}
	require.ElementsMatch(t, told, dropped)
	require.Empty(t, s.(*session).named)
}

// Of the first message 200 addresses are taken, of later ones 50; the others are counted.
func TestAddressesAreBounded(t *testing.T) {
	l, s := open()
	require.NoError(t, s.Message(start, body(numbers(0, 1000))))
	require.Equal(t, numbers(0, 200), l.found)
	require.Equal(t, 800, l.ignored)
	l.found, l.ignored = nil, 0
	require.NoError(t, s.Message(start.Add(time.Minute), body(numbers(1000, 1070))))
	require.Equal(t, numbers(1000, 1050), l.found)
	require.Equal(t, 20, l.ignored)

	require.ErrorContains(t, s.Message(start.Add(2*time.Minute), body(numbers(0, 100_000))), "700032 bytes")
	require.Equal(t, numbers(1000, 1050), l.found)
}

// Addresses that nobody can dial are left out and counted, and so are more ports of one.
func TestUselessAddresses(t *testing.T) {
	l, s := open()
	at := func(text string) swarm.Address { return swarm.Address{AddrPort: netip.MustParseAddrPort(text)} }
	require.NoError(t, s.Message(start, body([]swarm.Address{
		at("20.0.0.1:0"), at("0.0.0.0:1"), at("224.0.0.1:1"), at("[::]:1"), at("[ff02::1]:1"),
		at("20.0.0.2:1"), at("20.0.0.2:2"), at("[::ffff:20.0.0.2]:3"), at("[2001:db8::1]:1"), at("[2001:db8::1]:2"),
	})))
	require.Equal(t, []swarm.Address{at("20.0.0.2:1"), at("[2001:db8::1]:1")}, l.found)
	require.Equal(t, 8, l.ignored)

	// What nobody added, or only went, is nothing to dial.
	l, s = open()
	require.NoError(t, s.Message(start, []byte("de")))
	require.NoError(t, s.Message(start, peerwire.PEX{Dropped: numbers(0, 50)}.AppendTo(nil)))
	require.Empty(t, l.found)
	require.Error(t, s.Message(start.Add(time.Minute), []byte("le")))
}

// Two messages may come within a minute, because the network delays some. What comes
// sooner is ignored, and with the seventh in a minute the connection ends.
func TestMessagesThatComeTooSoon(t *testing.T) {
	l, s := open()
	for i := range 6 {
		require.NoError(t, s.Message(start.Add(time.Duration(i)*time.Second), body(numbers(i, i+1))))
	}
	require.Equal(t, numbers(0, 2), l.found)
	require.Equal(t, 4, l.ignored)
	err := s.Message(start.Add(6*time.Second), body(numbers(6, 7)))
	require.Equal(t, report.EndFlood, ending.Of(err), "so it may not return at once")

	// A peer that sends every 20 seconds stays, and one message a minute is taken.
	l, s = open()
	for i := range 180 {
		require.NoError(t, s.Message(start.Add(time.Duration(i)*20*time.Second), body(numbers(i, i+1))))
	}
	require.InDelta(t, 61, len(l.found), 1)
	require.Equal(t, 180, len(l.found)+l.ignored)

	// Nothing of a peer that keeps to the minute is ignored, however much its messages are delayed.
	l, s = open()
	for i := range 60 {
		delay := time.Duration(i*7%50) * time.Second
		require.NoError(t, s.Message(start.Add(time.Duration(i)*time.Minute+delay), body(numbers(i, i+1))))
	}
	require.Len(t, l.found, 60)
	require.Zero(t, l.ignored)
}
