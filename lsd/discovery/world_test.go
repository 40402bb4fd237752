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

// A world is a State with a clock of its own. It writes down what the State sends and finds,
// a line for each: "1:01 eth0 6881 a b" is a datagram that announces two swarms at the port
// 6881, and "1:02 found a 10.0.0.5:7000" a peer.
type world struct {
	t     *testing.T
	state *discovery.State
	start time.Time
	now   time.Time
	next  time.Time
	lines []string
}

func newWorld(t *testing.T, links ...discovery.Link) *world {
	start := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	w := &world{t: t, state: discovery.New(discovery.Config{Cookie: "ours"}), start: start, now: start}
	w.state.SetLinks(w.now, links)
	return w
}

// id returns the swarm that has a name of one letter.
func id(name string) swarm.ID { return swarm.ID{0: name[0], 19: 1} }

// lan is a link with a /24.
func lan(index int, addr string) discovery.Link {
	p := netip.MustParsePrefix(addr)
	return discovery.Link{
		LinkID:   discovery.LinkID{Index: index, Is6: p.Addr().Is6()},
		Name:     fmt.Sprint("eth", index),
		Prefixes: []netip.Prefix{p},
	}
}

// settle writes down what the State wants done now.
func (w *world) settle() {
	turn := w.state.Settle(w.now)
	at := w.now.Sub(w.start)
	clock := fmt.Sprintf("%d:%02d", int(at.Minutes()), int(at.Seconds())%60)
	for _, d := range turn.Send {
		m, err := message.Parse(d.Bytes)
		require.NoError(w.t, err)
		require.Equal(w.t, "ours", m.Cookie)
		require.LessOrEqual(w.t, len(d.Bytes), message.MaxSize)
		line := fmt.Sprintf("%s %s %d", clock, d.Link.Name, m.Port)
		for _, s := range m.Swarms {
			line += " " + string(s[:1])
		}
		w.lines = append(w.lines, line)
	}
	for _, p := range turn.Found {
		w.lines = append(w.lines, fmt.Sprintf("%s found %s %v", clock, p.Swarm[:1], p.Addr))
	}
	w.next = turn.Next
	require.True(w.t, w.next.IsZero() || w.next.After(w.now), "come back at %v, but it is %v", w.next, w.now)
}

// run lets time pass, with a Settle when the State asks for it.
func (w *world) run(d time.Duration) {
	until := w.now.Add(d)
	w.settle()
	for !w.next.IsZero() && !w.next.After(until) {
		w.now = w.next
		w.settle()
	}
	w.now = until
}

func (w *world) join(port uint16, names ...string) {
	for _, n := range names {
		w.state.Join(w.now, id(n), port)
	}
}

// hear has a datagram come in at an interface.
func (w *world) hear(index int, from string, port uint16, names ...string) {
	m := message.Message{Host: "x", Port: port, Cookie: "theirs"}
	for _, n := range names {
		m.Swarms = append(m.Swarms, id(n))
	}
	a := netip.MustParseAddrPort(from)
	w.state.Receive(w.now, discovery.LinkID{Index: index, Is6: a.Addr().Is6()}, a, m.AppendTo(nil))
}

// require compares what was written down since the last time.
func (w *world) require(want ...string) {
	w.t.Helper()
	w.settle()
	require.Equal(w.t, strings.Join(want, "\n"), strings.Join(w.lines, "\n"))
	w.lines = nil
}
