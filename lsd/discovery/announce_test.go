package discovery_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/lsd/discovery"
	"github.com/shoal-bt/shoal/lsd/message"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// TestOneSwarm is announced at once, and every five minutes.
func TestOneSwarm(t *testing.T) {
	w := newWorld(t, lan(1, "10.0.0.1/24"))
	w.join(6881, "a")
	w.run(11 * time.Minute)
	w.require("0:01 eth1 6881 a", "5:01 eth1 6881 a", "10:01 eth1 6881 a")
	w.state.Leave(id("a"))
	w.run(10 * time.Minute)
	w.require()
	require.Zero(t, w.next)
}

// TestFewSwarms are announced together, and then each alone, for programs that read the
// first one only.
func TestFewSwarms(t *testing.T) {
	w := newWorld(t, lan(1, "10.0.0.1/24"))
	w.join(6881, "a", "b", "c")
	w.run(9 * time.Minute)
	w.require("0:01 eth1 6881 a b c", "1:01 eth1 6881 a", "2:01 eth1 6881 b", "3:01 eth1 6881 c",
		"6:01 eth1 6881 a", "7:01 eth1 6881 b", "8:01 eth1 6881 c")
}

// TestManySwarms share datagrams, in which another one comes first each time.
func TestManySwarms(t *testing.T) {
	w := newWorld(t, lan(1, "10.0.0.1/24"))
	w.join(6881, "a", "b", "c", "d", "e", "f")
	w.run(11 * time.Minute)
	w.require("0:01 eth1 6881 a b c d e f", "5:01 eth1 6881 b c d e f a", "10:01 eth1 6881 c d e f a b")
}

// TestOneDatagramAMinute holds whatever joins, and what is new comes first.
func TestOneDatagramAMinute(t *testing.T) {
	w := newWorld(t, lan(1, "10.0.0.1/24"), lan(2, "10.0.2.1/24"))
	w.join(6881, "a")
	w.run(10 * time.Second)
	w.require("0:01 eth1 6881 a", "0:01 eth2 6881 a")
	w.join(6881, "b")
	w.run(10 * time.Second)
	w.join(6881, "c")
	w.run(time.Minute)
	w.require("1:01 eth1 6881 c b", "1:01 eth2 6881 c b")
}

// TestHundredsOfSwarms takes as many datagrams as are needed, one a minute.
func TestHundredsOfSwarms(t *testing.T) {
	s := discovery.New(discovery.Config{Cookie: strings.Repeat("c", 16)})
	now := time.Unix(1e9, 0)
	s.SetLinks(now, []discovery.Link{lan(1, "10.0.0.1/24")})
	const n = 300
	number := func(i int) swarm.ID { return swarm.ID{byte(i >> 8), byte(i), 1} }
	for i := range n {
		s.Join(now, number(i), 6881)
	}
	last := make(map[swarm.ID]time.Time)
	var sentAt time.Time
	for end := now.Add(30 * time.Minute); now.Before(end); now = now.Add(10 * time.Second) {
		for i := range n {
			s.Join(now, number(i), 6881)
		}
		for _, d := range s.Settle(now).Send {
			require.True(t, sentAt.IsZero() || now.Sub(sentAt) >= time.Minute)
			sentAt = now
			m, err := message.Parse(d.Bytes)
			require.NoError(t, err)
			require.Len(t, m.Swarms, 25)
			for _, id := range m.Swarms {
				require.True(t, last[id].IsZero() || now.Sub(last[id]) >= 12*time.Minute, "it is not its turn")
				last[id] = now
			}
		}
	}
	require.Len(t, last, n)
}

// TestPorts: a datagram has one port, and port 0 is not announced.
func TestPorts(t *testing.T) {
	w := newWorld(t, lan(1, "10.0.0.1/24"))
	w.join(6881, "a", "c")
	w.join(6882, "b")
	w.join(0, "d")
	w.run(62 * time.Second)
	w.require("0:01 eth1 6881 a c", "1:01 eth1 6882 b")
	w.hear(1, "10.0.0.5:6771", 7000, "d")
	w.require("1:02 found d 10.0.0.5:7000")

	// A port that changes is announced as soon as possible.
	w.join(6883, "a")
	w.join(0, "b", "c")
	w.run(2 * time.Minute)
	w.require("2:01 eth1 6883 a")
}

// TestForgotten: a swarm that nobody renews is not announced for ever.
func TestForgotten(t *testing.T) {
	w := newWorld(t, lan(1, "10.0.0.1/24"))
	w.join(6881, "a")
	w.run(7 * time.Minute)
	w.join(6881, "a")
	w.run(time.Hour)
	w.require("0:01 eth1 6881 a", "5:01 eth1 6881 a", "10:01 eth1 6881 a", "15:01 eth1 6881 a", "20:01 eth1 6881 a")
	require.Zero(t, w.state.Len())
	require.Zero(t, w.next)
}

// TestLinksComeAndGo: a new link hears all swarms, also one with a new address, and one that
// comes back within a minute not before the minute is over.
func TestLinksComeAndGo(t *testing.T) {
	one, two := lan(1, "10.0.0.1/24"), lan(2, "fd00::1/64")
	w := newWorld(t)
	w.join(6881, "a")
	w.run(time.Minute)
	w.require()
	set := func(links ...discovery.Link) { w.state.SetLinks(w.now, links) }
	set(one)
	w.run(time.Minute)
	w.require("1:01 eth1 6881 a")
	set(one, two)
	w.run(30 * time.Second)
	w.require("2:01 eth2 6881 a")
	set(one)
	w.run(10 * time.Second)
	set(one, two)
	w.run(30 * time.Second)
	w.require("3:01 eth2 6881 a")
	one.Prefixes = []netip.Prefix{netip.MustParsePrefix("10.0.0.2/24")}
	set(one)
	w.run(time.Minute)
	w.require("3:11 eth1 6881 a")
}

// TestMaxLinks bounds what a machine with many interfaces costs.
func TestMaxLinks(t *testing.T) {
	var links []discovery.Link
	for i := range 200 {
		links = append(links, lan(i+1, fmt.Sprintf("10.0.%d.1/24", i)))
	}
	w := newWorld(t, links...)
	w.join(6881, "a")
	w.now = w.now.Add(time.Second)
	require.Len(t, w.state.Settle(w.now).Send, 64)
	require.Equal(t, 64, w.state.Stats().Links)
}
