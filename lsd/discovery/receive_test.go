package discovery_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/lsd/discovery"
	"github.com/shoal-bt/shoal/lsd/message"
	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// TestOnLink believes senders on the link alone.
func TestOnLink(t *testing.T) {
	six := lan(2, "fd00::1/64")
	w := newWorld(t, lan(1, "10.0.0.1/24"), lan(3, "10.0.3.1/24"), six)
	w.join(0, "a")
	for i, from := range []struct {
		index int
		addr  string
		want  string
	}{
		{1, "10.0.0.5:6771", "found a 10.0.0.5:7000"},
		{1, "10.0.3.5:6771", ""}, // of another link
		{3, "10.0.3.5:6771", "found a 10.0.3.5:7000"},
		{3, "10.0.1.5:6771", ""},
		{1, "8.8.8.8:6771", ""},
		{4, "10.0.0.6:6771", ""}, // there is no such interface
		{0, "10.0.3.6:6771", "found a 10.0.3.6:7000"},
		{0, "10.0.1.6:6771", ""},
		{1, "169.254.3.4:6771", "found a 169.254.3.4:7000"},
		{1, "[::ffff:10.0.0.7]:6771", "found a 10.0.0.7:7000"},
		{1, "0.0.0.0:6771", ""},
		{1, "239.192.152.143:6771", ""},
		{2, "[fd00::5]:6771", "found a [fd00::5]:7000"},
		{2, "[fd00:0:0:1::5]:6771", ""},
		{2, "[2001:db8::5]:6771", ""},
		{2, "[fe80::5%eth9]:6771", "found a [fe80::5%eth2]:7000"},
		{2, "[fd00::6%eth2]:6771", "found a [fd00::6]:7000"},
		{2, "[ff15::efc0:988f]:6771", ""},
		{2, "[::]:6771", ""},
	} {
		a := netip.MustParseAddrPort(from.addr)
		b := message.Message{Port: 7000, Swarms: []swarm.ID{id("a")}}.AppendTo(nil)
		w.state.Receive(w.now, discovery.LinkID{Index: from.index, Is6: a.Addr().Unmap().Is6()}, a, b)
		var want []string
		if from.want != "" {
			want = []string{"0:00 " + from.want}
		}
		t.Log(i, from)
		w.require(want...)
	}
	require.EqualValues(t, 11, w.state.Stats().OffLink)
}

// TestNoSenderIsAGroup holds also on a link that has half of all addresses.
func TestNoSenderIsAGroup(t *testing.T) {
	w := newWorld(t, lan(1, "200.0.0.1/1"), lan(2, "::1/0"))
	w.join(0, "a")
	for _, from := range []string{"239.192.152.143:6771", "[ff15::efc0:988f]:6771", "[::]:6771", "200.0.0.2:6771"} {
		a := netip.MustParseAddrPort(from)
		b := message.Message{Port: 7000, Swarms: []swarm.ID{id("a")}}.AppendTo(nil)
		w.state.Receive(w.now, discovery.LinkID{Is6: a.Addr().Is6()}, a, b)
	}
	w.require("0:00 found a 200.0.0.2:7000")
}

// TestReceive counts what is not useful, and reports a peer once.
func TestReceive(t *testing.T) {
	w := newWorld(t, lan(1, "10.0.0.1/24"))
	w.join(6881, "a", "b")
	w.hear(1, "10.0.0.5:6771", 7000, "a", "x", "b")
	w.hear(1, "10.0.0.5:6771", 7000, "a")
	w.hear(1, "10.0.0.6:1234", 7000, "a")
	w.require("0:00 found a 10.0.0.5:7000", "0:00 found b 10.0.0.5:7000", "0:00 found a 10.0.0.6:7000")
	w.hear(1, "10.0.0.6:1234", 7000, "x")
	receive := func(text string) {
		w.state.Receive(w.now, discovery.LinkID{Index: 1}, netip.MustParseAddrPort("10.0.0.7:6771"), []byte(text))
	}
	receive("d1:q4:ping")
	receive(string(make([]byte, 1401)))
	receive(string(message.Message{Port: 1, Swarms: []swarm.ID{id("a")}, Cookie: "ours"}.AppendTo(nil)))
	w.require()
	require.Equal(t, discovery.Stats{
		Links:     1,
		Swarms:    2,
		Peers:     3,
		Received:  7,
		Own:       1,
		Malformed: 2,
		Foreign:   1,
	}, w.state.Stats())

	// A peer is remembered for 15 minutes after it was last heard, and then is new.
	w.run(14 * time.Minute)
	w.hear(1, "10.0.0.5:6771", 7000, "a")
	w.join(0, "a", "b")
	w.run(10 * time.Minute)
	w.lines = nil
	require.Equal(t, []netip.AddrPort{netip.MustParseAddrPort("10.0.0.5:7000")}, w.state.Peers(w.now, id("a")))
	require.Empty(t, w.state.Peers(w.now, id("b")))
	w.hear(1, "10.0.0.6:1234", 7000, "a")
	w.require("24:00 found a 10.0.0.6:7000")
	w.state.Leave(id("a"))
	require.Zero(t, w.state.Stats().Peers)
}

// TestFloods: what one sender does neither costs much nor shuts out others.
func TestFloods(t *testing.T) {
	t.Run("of one address", func(t *testing.T) {
		w := newWorld(t, lan(1, "10.0.0.1/24"))
		w.join(0, "a", "b")
		for i := range 50_000 {
			w.hear(1, "10.0.0.5:6771", uint16(1+i), "a")
		}
		w.require("0:00 found a 10.0.0.5:1", "0:00 found a 10.0.0.5:2", "0:00 found a 10.0.0.5:3", "0:00 found a 10.0.0.5:4")
		require.EqualValues(t, 50_000-100, w.state.Stats().Dropped)
		w.hear(1, "10.0.0.6:6771", 7000, "a")
		w.require("0:00 found a 10.0.0.6:7000")
		w.run(time.Second)
		w.hear(1, "10.0.0.5:6771", 7000, "b")
		w.require("0:01 found b 10.0.0.5:7000")
	})
	t.Run("of many addresses", func(t *testing.T) {
		w := newWorld(t, lan(1, "fd00::1/64"))
		w.join(0, "a")
		w.hear(1, "[fd00::5]:6771", 7000, "a")
		for i := range 50_000 {
			var a [16]byte
			a[0] = 0xfd
			binary.BigEndian.PutUint32(a[8:], uint32(i+1))
			w.hear(1, netip.AddrPortFrom(netip.AddrFrom16(a), 6771).String(), 7000, "a")
		}
		w.settle()
		require.Len(t, w.lines, 1000+100, "the addresses that are counted, and what all others share")
		require.Equal(t, 100, w.state.Stats().Peers)
		before := w.state.Stats().Dropped
		w.hear(1, "[fd00::5]:6771", 7001, "a")
		require.Equal(t, before, w.state.Stats().Dropped, "who was counted before is still heard")
		w.run(2 * time.Minute)
		w.hear(1, "[fd00::6]:6771", 7002, "a")
		require.Equal(t, before, w.state.Stats().Dropped)
	})
}

// TestManyPeers bounds how many are reported, and how many are remembered.
func TestManyPeers(t *testing.T) {
	s := discovery.New(discovery.Config{})
	now := time.Unix(1e9, 0)
	s.SetLinks(now, []discovery.Link{lan(1, "10.0.0.1/8")})
	number := func(i int) swarm.ID { return swarm.ID{byte(i >> 8), byte(i)} }
	for i := range 1000 {
		s.Join(now, number(i), 0)
	}
	found := 0
	for sender := range 100 {
		from := netip.MustParseAddrPort(fmt.Sprintf("10.0.1.%d:6771", sender))
		for i := range 100 {
			m := message.Message{Port: 7000}
			for k := range 20 {
				m.Swarms = append(m.Swarms, number((i*20+k)%1000))
			}
			s.Receive(now, discovery.LinkID{Index: 1}, from, m.AppendTo(nil))
		}
		found += len(s.Settle(now).Found)
	}
	require.Equal(t, 5000, found)
	for sender := range 15 {
		now = now.Add(20 * time.Second)
		from := netip.MustParseAddrPort(fmt.Sprintf("10.0.2.%d:6771", sender))
		for i := range 100 {
			m := message.Message{Port: uint16(1 + i/50)}
			for k := range 20 {
				m.Swarms = append(m.Swarms, number((i*20+k)%1000))
			}
			s.Receive(now, discovery.LinkID{Index: 1}, from, m.AppendTo(nil))
		}
		require.LessOrEqual(t, len(s.Settle(now).Found), 1000, "of one address")
	}
	require.Equal(t, 10_000, s.Stats().Peers)
}

// FuzzState has a State take in anything, and checks what it promises.
func FuzzState(f *testing.F) {
	f.Add([]byte("jajblhathatst"))
	f.Add([]byte("lhajajtttlsxhxl"))
	f.Fuzz(func(t *testing.T, program []byte) {
		program = program[:min(len(program), 3000)]
		s := discovery.New(discovery.Config{Cookie: "c"})
		now := time.Unix(1e9, 0)
		sentAt := make(map[discovery.LinkID]time.Time)
		for len(program) > 1 {
			step, arg := program[0], program[1]
			program = program[2:]
			switch step % 7 {
			case 0:
				s.Join(now, swarm.ID{arg % 16}, uint16(arg/64))
			case 1:
				s.Leave(swarm.ID{arg % 16})
			case 2:
				var links []discovery.Link
				for i := range 4 {
					if arg&(1<<i) != 0 {
						links = append(links, lan(i+1, fmt.Sprintf("10.0.%d.%d/24", i, 1+arg/128)))
					}
				}
				s.SetLinks(now, links)
			case 3:
				n := min(len(program), int(arg))
				s.Receive(now, discovery.LinkID{Index: int(arg % 5)}, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, arg % 5, arg}), 1), program[:n])
			case 4:
				m := message.Message{Port: uint16(arg) + 1, Swarms: []swarm.ID{{arg % 16}, {arg % 7}}}
				s.Receive(now, discovery.LinkID{Index: int(arg % 5)}, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, arg % 5, arg}), 1), m.AppendTo(nil))
			case 5:
				now = now.Add(time.Duration(arg) * time.Second)
			case 6:
				now = now.Add(time.Duration(arg) * time.Millisecond)
			}
			turn := s.Settle(now)
			require.True(t, turn.Next.IsZero() || turn.Next.After(now))
			for _, d := range turn.Send {
				require.LessOrEqual(t, len(d.Bytes), message.MaxSize)
				at, ok := sentAt[d.Link.LinkID]
				require.True(t, !ok || now.Sub(at) >= time.Minute, "two datagrams within %v", now.Sub(at))
				sentAt[d.Link.LinkID] = now
			}
			stats := s.Stats()
			require.LessOrEqual(t, stats.Swarms, 16)
			require.LessOrEqual(t, stats.Peers, 16*100)
			for i := range 16 {
				for _, p := range s.Peers(now, swarm.ID{byte(i)}) {
					require.NotZero(t, p.Port())
					require.False(t, p.Addr().IsUnspecified())
				}
			}
		}
	})
}
