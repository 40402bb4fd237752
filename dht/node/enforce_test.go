package node

import (
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/stretchr/testify/require"
)

// ourAddr is our address, as others see it.
var ourAddr = netip.MustParseAddrPort("203.0.113.7:1")

// enforcers is nodes that refuse everybody whose id does not fit the address, and say from
// where the query came, as libtorrent does (BEP 42).
func enforcers(w *world, n int) (addrs []netip.AddrPort, reply func(sent) (krpc.Message, bool)) {
	var all []krpc.Contact
	ids := make(map[netip.AddrPort]nodeid.ID)
	for i := range n {
		c := w.contact(i)
		all, addrs = append(all, c), append(addrs, c.Addr)
		ids[c.Addr] = c.ID
	}
	return addrs, func(q sent) (krpc.Message, bool) {
		id, isThere := ids[q.to]
		if !nodeid.Fits(q.ID, ourAddr.Addr()) {
			return krpc.Message{Kind: krpc.Failure, Code: krpc.ProtocolError, Text: "invalid node ID", External: ourAddr}, isThere
		}
		return krpc.Message{ID: id, Nodes: all, HasNodes: true, External: ourAddr, Token: []byte("t")}, isThere
	}
}

// Nobody who enforces ids answers a node that does not know its address yet. What they say
// about it counts all the same, and the node begins again with an id that fits, at once.
// One is enough if all refuse: there is nothing to lose.
func TestBootstrapAmongEnforcers(t *testing.T) {
	for _, known := range []int{1, 3, 8} {
		for _, areRouters := range []bool{false, true} {
			w := newWorld(t, Config{})
			require.False(t, nodeid.Fits(w.s.ID(), ourAddr.Addr()))
			addrs, reply := enforcers(w, 16)
			id := w.s.Begin(w.now, Request{Method: krpc.AnnouncePeer, Target: nodeid.ID{7}, Port: 1})
			if areRouters {
				w.s.Bootstrap(w.now, nil, nil, addrs[:known])
			} else {
				w.s.Bootstrap(w.now, nil, addrs[:known], nil)
			}
			done, events := w.play(id, reply)
			require.NoError(t, done.Err, "%d known, routers: %v", known, areRouters)
			require.NotZero(t, done.Stored)
			require.Equal(t, AddressEvent{External: ourAddr.Addr(), ID: w.s.ID()}, events[0])
			b, ok := events[len(events)-1].(BootstrappedEvent)
			require.True(t, ok)
			require.NoError(t, b.Err)
			require.NotContains(t, events, BootstrappedEvent{Err: ErrNoNodes})
			require.True(t, nodeid.Fits(w.s.ID(), ourAddr.Addr()))
		}
	}
}

// Some answer everybody, but know only each other. The others, who refused the first id, are
// asked again with the one that fits.
func TestBootstrapAmongSomeEnforcers(t *testing.T) {
	w := newWorld(t, Config{})
	addrs, reply := enforcers(w, 8)
	var others []krpc.Contact
	ids := make(map[netip.AddrPort]nodeid.ID)
	for i := range 4 {
		c := w.contact(100 + i)
		others, addrs = append(others, c), append(addrs, c.Addr)
		ids[c.Addr] = c.ID
	}
	id := w.s.Begin(w.now, Request{Method: krpc.AnnouncePeer, Target: nodeid.ID{7}, Port: 1})
	w.s.Bootstrap(w.now, nil, addrs, nil)
	done, _ := w.play(id, func(q sent) (krpc.Message, bool) {
		m, isEnforcer := reply(q)
		if isEnforcer {
			return m, true
		}
		return krpc.Message{ID: ids[q.to], Nodes: others, HasNodes: true, External: ourAddr, Token: []byte("t")}, true
	})
	require.NoError(t, done.Err)
	require.Equal(t, 8, done.Stored, "at the nearest of all")
	require.Equal(t, 12, w.s.table.Len())
}

// One router that names another address each time does not make us begin again for ever.
func TestRefusedWithChangingAddress(t *testing.T) {
	w := newWorld(t, Config{})
	w.s.Bootstrap(w.now, nil, nil, []netip.AddrPort{public(1)})
	w.settle()
	asked := 0
	for range 100 {
		for _, q := range w.took() {
			asked++
			a := netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(asked)}), 1)
			w.answer(q, krpc.Message{Kind: krpc.Failure, Code: krpc.ProtocolError, External: a})
		}
		w.wait(100 * time.Millisecond)
	}
	require.Equal(t, 2, asked)
	require.Contains(t, w.happened(), BootstrappedEvent{Err: ErrNoNodes, Answered: true, Refusal: &krpc.Error{Code: krpc.ProtocolError}})
}

// A node that learns its address during the bootstrap looks its new id up after it, so that
// its new neighbors know it.
func TestRenamedDuringBootstrap(t *testing.T) {
	w := newWorld(t, Config{})
	before := w.s.ID()
	var saved []krpc.Contact
	ids := make(map[netip.AddrPort]nodeid.ID)
	for i := range 20 {
		c := w.contact(i)
		saved = append(saved, c)
		ids[c.Addr] = c.ID
	}
	w.s.Bootstrap(w.now, saved, nil, nil)
	w.settle()
	isLookedUp := false
	for range 20 {
		for _, q := range w.took() {
			isLookedUp = isLookedUp || (q.Target == w.s.ID() && w.s.ID() != before)
			w.answer(q, krpc.Message{ID: ids[q.to], External: ourAddr, HasNodes: true})
		}
		w.wait(50 * time.Millisecond)
	}
	require.NotEqual(t, before, w.s.ID())
	require.True(t, isLookedUp)
}

// With EnforceIDs a node whose id does not fit its address is refused, and what it answers
// is ignored. It is not asked if its id is known, and gets no announce.
func TestEnforceIDs(t *testing.T) {
	for _, enforce := range []bool{false, true} {
		w := newWorld(t, Config{EnforceIDs: enforce})
		target := nodeid.ID{7}
		honest, bad := w.contact(1), krpc.Contact{ID: nodeid.ID{7, 1}, Addr: public(2)}
		named := krpc.Contact{ID: nodeid.ID{7, 2}, Addr: public(3)}
		require.False(t, nodeid.Fits(bad.ID, bad.Addr.Addr()) || nodeid.Fits(named.ID, named.Addr.Addr()))
		w.s.Bootstrap(w.now, []krpc.Contact{honest}, []netip.AddrPort{bad.Addr}, nil)
		id := w.s.Begin(w.now, Request{Method: krpc.AnnouncePeer, Target: target, Port: 1})
		announced := make(map[netip.AddrPort]bool)
		asked := make(map[netip.AddrPort]bool)
		friend := w.contact(4) // only the bad one names it
		ids := map[netip.AddrPort]nodeid.ID{honest.Addr: honest.ID, bad.Addr: bad.ID, named.Addr: named.ID, friend.Addr: friend.ID}
		done, _ := w.play(id, func(q sent) (krpc.Message, bool) {
			asked[q.to] = true
			announced[q.to] = announced[q.to] || q.Method == krpc.AnnouncePeer
			m := krpc.Message{ID: ids[q.to], Nodes: []krpc.Contact{honest, bad, named}, HasNodes: true, Token: []byte("t")}
			if q.to == bad.Addr {
				m.Nodes = append(m.Nodes, friend)
			}
			return m, true
		})
		require.NoError(t, done.Err)
		require.True(t, announced[honest.Addr])
		require.Equal(t, !enforce, announced[bad.Addr])
		require.Equal(t, !enforce, asked[named.Addr])
		require.Equal(t, !enforce, asked[friend.Addr])

		ping := krpc.Message{Kind: krpc.Query, Method: krpc.Ping, ID: bad.ID, ReadOnly: true}
		answers := w.receive(bad.Addr, ping)
		require.Len(t, answers, 1)
		require.Equal(t, enforce, answers[0].Kind == krpc.Failure)
		require.Equal(t, bad.Addr, answers[0].External)
		ping.ID = honest.ID
		answers = w.receive(honest.Addr, ping)
		require.Equal(t, krpc.Response, answers[0].Kind)
	}
}
