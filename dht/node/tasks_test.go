package node

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/stretchr/testify/require"
)

// play answers all queries of the node by a function until the task is done.
func (w *world) play(id TaskID, reply func(q sent) (krpc.Message, bool)) (done DoneEvent, others []Event) {
	w.settle()
	for range 600 {
		for _, q := range w.took() {
			if q.Kind != krpc.Query {
				continue
			}
			m, ok := reply(q)
			if ok {
				w.answer(q, m)
			}
		}
		for _, e := range w.happened() {
			d, isDone := e.(DoneEvent)
			if isDone && d.Task == id {
				return d, others
			}
			others = append(others, e)
		}
		w.wait(50 * time.Millisecond)
	}
	w.t.Fatal("the task does not end")
	return
}

// Peers are passed on as they come, and the nearest nodes that gave a token are announced
// to.
func TestAnnounce(t *testing.T) {
	w := newWorld(t, Config{})
	w.know(20)
	swarm := nodeid.ID{7}
	announced := make(map[netip.AddrPort]sent)
	id := w.s.Begin(w.now, Request{Method: krpc.AnnouncePeer, Target: swarm, Port: 4321, Seed: true})
	done, events := w.play(id, func(q sent) (krpc.Message, bool) {
		m := krpc.Message{ID: w.s.idOf(q.to)}
		switch q.Method {
		case krpc.GetPeers:
			require.Equal(t, swarm, q.Target)
			m.Values = []netip.AddrPort{public(3), netip.MustParseAddrPort("192.168.1.1:1"), netip.MustParseAddrPort("127.0.0.1:1")}
			if q.to.Addr().As4()[2]%2 == 0 {
				m.Token = []byte(q.to.String())
			}
		case krpc.AnnouncePeer:
			announced[q.to] = q
		}
		return m, true
	})
	require.NoError(t, done.Err)
	require.Len(t, done.Nodes, 8)
	require.Equal(t, len(announced), done.Stored)
	require.NotEmpty(t, announced)
	for to, q := range announced {
		require.Equal(t, to.String(), string(q.Token), "its own token")
		require.EqualValues(t, 4321, q.Port)
		require.True(t, q.Seed)
		require.False(t, q.ImpliedPort)
	}
	peers := 0
	for _, e := range events {
		p, ok := e.(PeersEvent)
		if ok {
			peers++
			require.Equal(t, []netip.AddrPort{public(3)}, p.Peers, "nobody on the Internet knows our network")
		}
	}
	require.GreaterOrEqual(t, peers, 8)
}

// A node that does not count is not believed in peers that it may not name, when they are counted
// in its place.
func TestCountOfNamedPeers(t *testing.T) {
	w := newWorld(t, Config{})
	w.know(8)
	id := w.s.Begin(w.now, Request{Method: krpc.GetPeers, Target: nodeid.ID{7}, Scrape: true})
	done, _ := w.play(id, func(q sent) (krpc.Message, bool) {
		values := []netip.AddrPort{public(3), netip.MustParseAddrPort("192.168.1.1:1"), netip.MustParseAddrPort("127.0.0.1:1")}
		return krpc.Message{ID: w.s.idOf(q.to), Values: values}, true
	})
	require.True(t, done.Scraped)
	require.InDelta(t, 1, done.Peers, 0.1)
}

// An answer from another address, with another transaction, or twice, changes nothing.
func TestForgedAnswers(t *testing.T) {
	w := newWorld(t, Config{})
	w.know(20)
	w.s.Begin(w.now, Request{Method: krpc.GetPeers, Target: nodeid.ID{7}})
	w.settle()
	queries := w.took()
	require.Len(t, queries, 5, "so many are asked side by side")
	q := queries[0]
	m := krpc.Message{Kind: krpc.Response, ID: w.s.idOf(q.to), Transaction: q.Transaction, Values: []netip.AddrPort{public(3)}}
	wire := m.AppendTo(nil)
	before := w.s.Stats(w.now)
	w.s.Receive(w.now, netip.AddrPortFrom(q.to.Addr(), 1), wire)
	m.Transaction = []byte("abcd")
	w.s.Receive(w.now, q.to, m.AppendTo(nil))
	m.Transaction = nil
	w.s.Receive(w.now, q.to, m.AppendTo(nil))
	m.Transaction = append(slices.Clone(q.Transaction), 'x')
	w.s.Receive(w.now, q.to, m.AppendTo(nil))
	require.Equal(t, before.Answered, w.s.Stats(w.now).Answered)
	w.s.Receive(w.now, q.to, wire)
	w.s.Receive(w.now, q.to, wire)
	w.settle()
	require.Equal(t, before.Answered+1, w.s.Stats(w.now).Answered)
	require.Len(t, w.happened(), 1)
}

// Without anybody there is an error, for tasks too, and routers stay out of the table.
func TestBootstrap(t *testing.T) {
	w := newWorld(t, Config{})
	id := w.s.Begin(w.now, Request{Method: krpc.GetPeers})
	w.s.Bootstrap(w.now, nil, nil, []netip.AddrPort{public(1), public(2)})
	done, events := w.play(id, func(sent) (krpc.Message, bool) { return krpc.Message{}, false })
	require.ErrorIs(t, done.Err, ErrNoNodes)
	require.Equal(t, []Event{BootstrappedEvent{Err: ErrNoNodes}}, events)

	nodes := []krpc.Contact{w.contact(50), w.contact(51), w.contact(52)}
	ids := map[netip.AddrPort]nodeid.ID{public(1): {9}}
	for _, c := range nodes {
		ids[c.Addr] = c.ID
	}
	id = w.s.Begin(w.now, Request{Method: krpc.FindNode})
	w.s.Bootstrap(w.now, nil, nil, []netip.AddrPort{public(1), public(2)})
	done, events = w.play(id, func(q sent) (krpc.Message, bool) {
		_, ok := ids[q.to]
		return krpc.Message{ID: ids[q.to], Nodes: nodes, HasNodes: true}, ok
	})
	require.NoError(t, done.Err)
	require.Equal(t, []Event{BootstrappedEvent{Nodes: 3}}, events)
	require.Len(t, done.Nodes, 3)
	for n := range w.s.table.All {
		require.NotEqual(t, public(1), n.Addr, "a router")
	}
	require.Len(t, w.s.Nodes(w.now, w.s.ID(), 10), 3)
}

// A flood of PORT messages, of peers that answer at once or never: few datagrams a second follow,
// and the node that one honest peer names is asked all the same.
func TestSuggestFlood(t *testing.T) {
	for _, answers := range []bool{true, false} {
		w := newWorld(t, Config{})
		honest, asked, isHonestAsked := w.contact(5000), 0, false
		for second := range 60 {
			for port := range 100 {
				for host := range 10 {
					w.s.Suggest(w.now, netip.AddrPortFrom(public(host).Addr(), uint16(1+second*100+port)))
				}
				w.settle()
				for _, q := range w.took() {
					asked++
					isHonestAsked = isHonestAsked || q.to == honest.Addr
					if answers {
						w.answer(q, krpc.Message{ID: nodeid.ForAddr(q.to.Addr(), w.random)})
					}
				}
				w.wait(5 * time.Millisecond)
			}
			if second == 10 {
				w.s.Suggest(w.now, honest.Addr)
			}
			w.wait(500 * time.Millisecond)
			for _, q := range w.took() {
				asked++
				isHonestAsked = isHonestAsked || q.to == honest.Addr
				if answers {
					w.answer(q, krpc.Message{ID: nodeid.ForAddr(q.to.Addr(), w.random)})
				}
			}
		}
		require.LessOrEqual(t, asked, 60*(maxChecks+4), "and those that keep the table up to date")
		require.True(t, isHonestAsked)
		require.LessOrEqual(t, len(w.s.checks.waiting), maxSuggests)
	}
}

// Addresses that a torrent file or a peer names are asked, and enter the table.
func TestSuggest(t *testing.T) {
	w := newWorld(t, Config{})
	var all []netip.AddrPort
	for i := range 200 {
		all = append(all, public(i), netip.MustParseAddrPort("[2001:db8::1]:1"))
	}
	w.s.Suggest(w.now, all...)
	w.settle()
	asked := len(w.took())
	require.Equal(t, maxChecks, asked)
	for range 400 {
		w.wait(time.Second)
		asked += len(w.took())
	}
	require.Equal(t, maxSuggests, asked, "the others found no room")
	for _, a := range []string{"255.255.255.255:1", "239.1.2.3:1", "0.0.0.0:1", "[::ffff:224.0.0.1]:1"} {
		group := netip.MustParseAddrPort(a)
		w.s.Suggest(w.now, group)
		w.s.Bootstrap(w.now, []krpc.Contact{{ID: nodeid.ID{1}, Addr: group}}, []netip.AddrPort{group}, []netip.AddrPort{group})
		w.wait(10 * time.Second)
		require.Empty(t, w.took(), "a .torrent file must not have us send to everybody")
	}
	c := w.contact(500)
	w.s.Suggest(w.now, c.Addr)
	w.settle()
	w.answer(w.took()[0], krpc.Message{ID: c.ID})
	require.Equal(t, 1, w.s.table.Len())
}

// Who asks us is asked back, and enters the table when it answers; not if it is read-only.
func TestConsider(t *testing.T) {
	w := newWorld(t, Config{})
	c := w.contact(1)
	ping := krpc.Message{Kind: krpc.Query, Method: krpc.Ping, ID: c.ID}
	w.receive(c.Addr, ping)
	require.Zero(t, w.s.table.Len())
	for _, q := range w.took() {
		if q.Kind == krpc.Query {
			w.answer(q, krpc.Message{ID: c.ID})
		}
	}
	require.Equal(t, 1, w.s.table.Len())
	ping.ID, ping.ReadOnly = w.contact(2).ID, true
	w.receive(public(2), ping)
	for _, q := range w.took() {
		require.NotEqual(t, krpc.Query, q.Kind)
	}
}

// Three networks that say so make us take an id that fits our address, at most every half
// an hour. One network has one vote.
func TestExternal(t *testing.T) {
	w := newWorld(t, Config{})
	w.know(20)
	before := w.s.ID()
	says := func(i int, ours string) {
		c := w.contact(i)
		w.s.Suggest(w.now, c.Addr)
		w.settle()
		for _, q := range w.took() {
			if q.to == c.Addr {
				w.answer(q, krpc.Message{ID: c.ID, External: netip.MustParseAddrPort(ours)})
			}
		}
		w.wait(checkEvery)
	}
	for range 10 {
		says(1, "203.0.113.7:1")
	}
	says(2, "203.0.113.7:1")
	says(3, "10.0.0.1:1")
	says(4, "[2001:db8::1]:1")
	require.Equal(t, before, w.s.ID())
	says(5, "203.0.113.7:2")
	ours := netip.MustParseAddr("203.0.113.7")
	require.NotEqual(t, before, w.s.ID())
	require.True(t, nodeid.Fits(w.s.ID(), ours))
	require.Equal(t, ours, w.s.Stats(w.now).External)
	require.Contains(t, w.happened(), AddressEvent{External: ours, ID: w.s.ID()})
	second := w.s.ID()
	for i := range 10 {
		says(100+i, "198.51.100.1:1")
	}
	w.wait(28 * time.Minute)
	says(150, "198.51.100.1:1")
	require.Equal(t, second, w.s.ID(), "not so soon")
	w.wait(3 * time.Minute)
	says(200, "198.51.100.1:1")
	require.True(t, nodeid.Fits(w.s.ID(), netip.MustParseAddr("198.51.100.1")))
	fixed := newWorld(t, Config{External: ours, Self: before})
	require.True(t, nodeid.Fits(fixed.s.ID(), ours), "the saved id does not fit")
}

// A thousand nodes of one /24 that answer get one place in each bucket.
func TestPoisonedTable(t *testing.T) {
	w := newWorld(t, Config{QueriesPerAddr: -1, Queries: -1})
	w.know(20)
	for i := range 1000 {
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{99, 1, 2, byte(i)}), uint16(1+i))
		id := nodeid.Random(w.random)
		w.receive(from, krpc.Message{Kind: krpc.Query, Method: krpc.Ping, ID: id})
		for _, q := range w.took() {
			if q.Kind == krpc.Query && q.to == from {
				w.answer(q, krpc.Message{ID: id})
			}
		}
	}
	n := 0
	for o := range w.s.table.All {
		if o.Addr.Addr().As4()[0] == 99 {
			n++
		}
	}
	require.LessOrEqual(t, n, 12)
}

// A node of a network that its bucket has already is not asked whether it is there, because it would
// get no place.
func TestPoisonersAreNotAsked(t *testing.T) {
	w := newWorld(t, Config{})
	w.know(3)
	first := netip.MustParseAddrPort("99.1.2.1:1")
	ping := krpc.Message{Kind: krpc.Query, Method: krpc.Ping, ID: w.s.ID().Flip(0)}
	isAskedBack := func(from netip.AddrPort) bool {
		w.receive(from, ping)
		for _, q := range w.took() {
			if q.Kind == krpc.Query && q.to == from {
				w.answer(q, krpc.Message{ID: ping.ID})
				return true
			}
		}
		return false
	}
	require.True(t, isAskedBack(first))
	require.NotNil(t, w.s.table.Find(ping.ID))
	for i := range 250 {
		ping.ID = ping.ID.Flip(159 - i%100)
		require.False(t, isAskedBack(netip.AddrPortFrom(netip.AddrFrom4([4]byte{99, 1, 2, byte(2 + i)}), 1)))
	}
	require.True(t, isAskedBack(netip.MustParseAddrPort("99.1.3.1:1")), "of the next network")
}

// Silent nodes are pinged and go; stale buckets are looked up; an idle node sends little.
func TestCare(t *testing.T) {
	w := newWorld(t, Config{})
	nodes := w.know(20)
	require.NotEmpty(t, w.s.Nodes(w.now, nodeid.ID{}, 100))
	w.wait(10 * time.Minute)
	w.took()
	w.wait(5*time.Minute + time.Second)
	require.NotZero(t, w.s.table.Len())
	require.Empty(t, w.s.Nodes(w.now, nodeid.ID{}, 100), "those that are not good are neither saved nor named")
	w.wait(30 * time.Minute)
	sent := len(w.took())
	require.NotZero(t, sent)
	require.Less(t, sent, 800)
	require.Zero(t, w.s.Stats(w.now).Good)
	require.Less(t, w.s.table.Len(), len(nodes))
}

// Cancel ends a task without an event; its late answers do no harm.
func TestCancel(t *testing.T) {
	w := newWorld(t, Config{})
	w.know(20)
	id := w.s.Begin(w.now, Request{Method: krpc.GetPeers, Target: nodeid.ID{7}})
	w.settle()
	queries := w.took()
	w.s.Cancel(w.now, id)
	for _, q := range queries {
		w.answer(q, krpc.Message{ID: w.s.idOf(q.to), Values: []netip.AddrPort{public(3)}})
	}
	w.wait(time.Minute)
	require.Empty(t, w.happened())
	require.Zero(t, w.s.Stats(w.now).Tasks)
	waiting := w.s.Begin(w.now, Request{Method: krpc.GetPeers})
	w.s.Cancel(w.now, waiting)
	require.Zero(t, w.s.Stats(w.now).Tasks)
}
