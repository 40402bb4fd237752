package fetch

import (
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// exchange returns a message of peer exchange to us, which adds addresses.
func exchange(addrs ...string) peerwire.Message {
	var m peerwire.PEX
	for _, a := range addrs {
		m.Added = append(m.Added, swarm.Address{AddrPort: netip.MustParseAddrPort(a)})
	}
	return peerwire.Message{Kind: peerwire.Extended, ExtID: ExchangeNumber, Data: m.AppendTo(nil)}
}

// shown returns the addresses that were found, by who named them.
func shown(all []Found) map[string][]string {
	m := make(map[string][]string)
	for _, f := range all {
		for _, a := range f.Addrs {
			m[f.By.String()] = append(m[f.By.String()], a.AddrPort.String())
		}
	}
	return m
}

// Peers name others, but not those that are connected, wherever these listen.
func TestPeersNameOthers(t *testing.T) {
	now := time.Unix(1e9, 0)
	s := New(Config{HashV1: [20]byte{1}})
	for i, a := range []string{"192.0.2.1:6881", "192.0.2.2:50000", "192.0.2.3:6881"} {
		s.Join(now, Joined{Peer: swarm.Peer(i + 1), Addr: netip.MustParseAddrPort(a), Extended: true})
	}
	listens := peerwire.ExtendedHandshake{P: 6882}
	s.Receive(now, 2, peerwire.Message{Kind: peerwire.Extended, Data: listens.AppendTo(nil)})
	s.Receive(now, 1, exchange("192.0.2.2:6882", "192.0.2.3:6881", "20.0.0.1:1", "20.0.0.1:2", "20.0.0.2:1"))
	s.Receive(now, 2, exchange("20.0.0.3:1"))
	s.Leave(now, 2)
	turn := s.Settle(now)
	require.Empty(t, turn.Close)
	require.Equal(t, map[string][]string{
		"192.0.2.1": {"20.0.0.1:1", "20.0.0.2:1"},
		"192.0.2.2": {"20.0.0.3:1"},
	}, shown(turn.Found))
	require.Empty(t, s.Settle(now).Found)
	require.NotContains(t, string(s.Replay(1)), "added", "the torrent does not read it again")
}

// Who sends too many messages, or too long ones, is left.
func TestStormOfExchange(t *testing.T) {
	now := time.Unix(1e9, 0)
	long := peerwire.Message{Kind: peerwire.Extended, ExtID: ExchangeNumber, Data: make([]byte, 40_000)}
	for name, sent := range map[string][]peerwire.Message{
		"too many":      repeated(7, exchange("20.0.0.1:1")),
		"too long":      {long},
		"no dictionary": {{Kind: peerwire.Extended, ExtID: ExchangeNumber, Data: []byte("x")}},
	} {
		s := New(Config{HashV1: [20]byte{1}})
		s.Join(now, Joined{Peer: 1, Addr: netip.MustParseAddrPort("192.0.2.1:6881"), Extended: true})
		for _, m := range sent {
			s.Receive(now, 1, m)
		}
		require.Len(t, s.Settle(now).Close, 1, name)
	}
}

// Without peer exchange it is not offered, and what comes all the same is ignored.
func TestNoExchange(t *testing.T) {
	now := time.Unix(1e9, 0)
	s := New(Config{HashV1: [20]byte{1}, NoPEX: true})
	s.Join(now, Joined{Peer: 1, Addr: netip.MustParseAddrPort("192.0.2.1:6881"), Extended: true})
	require.NotContains(t, string(s.Settle(now).Send[0].Bytes), peerwire.PEXName)
	s.Receive(now, 1, exchange("20.0.0.1:1"))
	turn := s.Settle(now)
	require.Empty(t, turn.Found)
	require.Empty(t, turn.Close)
}
