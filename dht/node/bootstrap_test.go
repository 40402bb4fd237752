package node

import (
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/stretchr/testify/require"
)

// Routers stay out of the table, and are named to nobody, also after a bootstrap without
// them.
func TestRoutersStayOut(t *testing.T) {
	w := newWorld(t, Config{})
	w.know(10)
	router := w.contact(1)
	w.s.Bootstrap(w.now, nil, nil, []netip.AddrPort{router.Addr})
	w.wait(time.Minute)
	w.s.Bootstrap(w.now, nil, nil, nil) // as a new id of ours does
	w.wait(time.Minute)
	w.receive(router.Addr, krpc.Message{Kind: krpc.Query, Method: krpc.Ping, ID: router.ID})
	id := w.s.Begin(w.now, Request{Method: krpc.Ping, Addr: router.Addr})
	done, _ := w.play(id, func(q sent) (krpc.Message, bool) { return krpc.Message{ID: router.ID}, q.to == router.Addr })
	require.NoError(t, done.Err)
	require.Nil(t, w.s.table.Find(router.ID))
	require.NotContains(t, w.ask(public(2), krpc.Message{Method: krpc.FindNode, Target: router.ID, HasTarget: true}).Nodes, router)
	require.NotContains(t, w.s.Nodes(w.now, router.ID, 100), router)
}

// A node that learns its address while it bootstraps looks its new id up, or its neighbors
// would not know it.
func TestNewIDWhileBootstrapping(t *testing.T) {
	w := newWorld(t, Config{})
	ours := netip.MustParseAddrPort("203.0.113.5:6881")
	ids := make(map[netip.AddrPort]nodeid.ID)
	var saved []krpc.Contact
	for i := range 10 {
		c := w.contact(i)
		saved, ids[c.Addr] = append(saved, c), c.ID
	}
	before := w.s.ID()
	w.s.Bootstrap(w.now, saved, nil, nil)
	w.settle()
	asked := make(map[netip.AddrPort]bool)
	bootstrapped := 0
	for range 100 {
		for _, q := range w.took() {
			if q.Target == w.s.ID() && w.s.ID() != before {
				asked[q.to] = true
			}
			w.answer(q, krpc.Message{ID: ids[q.to], Nodes: saved[:8], External: ours})
		}
		w.wait(50 * time.Millisecond)
		for _, e := range w.happened() {
			_, ok := e.(BootstrappedEvent)
			if ok {
				bootstrapped++
				require.Len(t, asked, 8, "the nearest know us by now")
			}
		}
	}
	require.Equal(t, 1, bootstrapped)
	require.True(t, nodeid.Fits(w.s.ID(), ours.Addr()))
}

// A node of which all others have gone says so, once, and goes on when it begins again.
func TestAlone(t *testing.T) {
	w := newWorld(t, Config{})
	w.know(20)
	w.wait(12 * time.Hour)
	alone := 0
	for _, e := range w.happened() {
		b, ok := e.(BootstrappedEvent)
		if ok {
			require.ErrorIs(t, b.Err, ErrNoNodes)
			alone++
		}
	}
	require.Equal(t, 1, alone)
	id := w.s.Begin(w.now, Request{Method: krpc.GetPeers})
	done, _ := w.play(id, func(sent) (krpc.Message, bool) { return krpc.Message{}, false })
	require.ErrorIs(t, done.Err, ErrNoNodes)
	w.know(20)
	require.NotZero(t, w.s.Stats(w.now).Good)
}

// A node that knows nobody begins again as soon as it gets to know one, however that comes.
func TestNotAloneAnyMore(t *testing.T) {
	met, friend := public(1), public(2)
	for name, meet := range map[string]func(*world, krpc.Contact){
		"named": func(w *world, c krpc.Contact) { w.s.Suggest(w.now, c.Addr) },
		"asks us": func(w *world, c krpc.Contact) {
			w.s.Receive(w.now, c.Addr, (&krpc.Message{Kind: krpc.Query, Method: krpc.Ping, ID: c.ID, Transaction: []byte("x")}).AppendTo(nil))
		},
	} {
		w := newWorld(t, Config{})
		w.s.Bootstrap(w.now, nil, nil, nil)
		w.wait(time.Minute)
		require.Equal(t, []Event{BootstrappedEvent{Err: ErrNoNodes}}, w.happened())
		ids := map[netip.AddrPort]nodeid.ID{met: nodeid.ForAddr(met.Addr(), w.random), friend: nodeid.ForAddr(friend.Addr(), w.random)}
		meet(w, krpc.Contact{ID: ids[met], Addr: met})
		began := w.now
		w.settle()
		id := TaskID(0)
		var bootstrapped []Event
		for range 100 {
			for _, q := range w.took() {
				if q.Kind == krpc.Query {
					w.answer(q, krpc.Message{ID: ids[q.to], Nodes: []krpc.Contact{{ID: ids[friend], Addr: friend}}, HasNodes: true})
				}
			}
			for _, e := range w.happened() {
				b, ok := e.(BootstrappedEvent)
				if ok {
					bootstrapped = append(bootstrapped, b)
					require.LessOrEqual(t, w.now.Sub(began), time.Second, name)
					id = w.s.Begin(w.now, Request{Method: krpc.FindNode})
				}
			}
			w.wait(50 * time.Millisecond)
		}
		require.NotZero(t, id)
		require.Equal(t, []Event{BootstrappedEvent{Nodes: 2}}, bootstrapped, name)
	}
}

// One who answers a lonely node now and then does not have the routers asked all the time.
func TestMetAgainAndAgain(t *testing.T) {
	w := newWorld(t, Config{})
	router, hostile := public(1), w.contact(2)
	w.s.Bootstrap(w.now, nil, nil, []netip.AddrPort{router})
	w.wait(time.Minute)
	asked, begun := 0, 0
	for range 6000 { // ten minutes
		w.s.Suggest(w.now, hostile.Addr)
		w.wait(100 * time.Millisecond)
		for _, q := range w.took() {
			switch {
			case q.to == router:
				asked++
			case w.s.boot.isAlone:
				w.answer(q, krpc.Message{ID: hostile.ID})
			}
		}
		for _, e := range w.happened() {
			b, ok := e.(BootstrappedEvent)
			if ok && b.Err == nil {
				begun++
			}
		}
	}
	require.InDelta(t, 10, begun, 2)
	require.LessOrEqual(t, asked, 2*begun)
}

// A program that has one node asked wants nothing else, so the bootstrap does not begin for that.
func TestAskedOneAlone(t *testing.T) {
	w := newWorld(t, Config{})
	w.s.Bootstrap(w.now, nil, nil, nil)
	w.settle()
	w.happened()
	id := w.s.Begin(w.now, Request{Method: krpc.Ping, Addr: public(1)})
	c := w.contact(1)
	done, _ := w.play(id, func(q sent) (krpc.Message, bool) { return krpc.Message{ID: c.ID}, true })
	require.NoError(t, done.Err)
	w.wait(time.Second)
	require.Empty(t, w.happened())
}

// A bootstrap that is begun again waits for its own routers, not for those that were asked
// before.
func TestBootstrapAgain(t *testing.T) {
	w := newWorld(t, Config{})
	w.s.Bootstrap(w.now, nil, nil, []netip.AddrPort{public(1)})
	w.settle()
	w.wait(time.Second)
	w.s.Bootstrap(w.now, nil, nil, []netip.AddrPort{public(2)})
	w.settle()
	all := w.took()
	q := all[len(all)-1]
	require.Equal(t, public(2), q.to)
	w.wait(1500 * time.Millisecond) // the first is given up
	require.Empty(t, w.happened())
	c := w.contact(3)
	w.answer(q, krpc.Message{ID: nodeid.ID{1}, Nodes: []krpc.Contact{c}})
	for _, q := range w.took() {
		w.answer(q, krpc.Message{ID: c.ID})
	}
	w.wait(time.Minute)
	require.Contains(t, w.happened(), BootstrappedEvent{Nodes: 1})
}

// A node that was always fast is late sooner than one of which nothing is known.
func TestPatienceWithEach(t *testing.T) {
	w := newWorld(t, Config{})
	w.know(8) // they answer at once
	fast := w.contact(2000)
	w.s.table.Answered(w.now, fast, 50*time.Millisecond)
	slow := w.contact(2001)
	w.s.table.Answered(w.now, slow, 800*time.Millisecond)
	for range 100 {
		w.s.queries.took(time.Second)
	}
	stranger := nodeid.ID{1}
	require.Equal(t, leastPatience, w.s.patienceWith(&query{to: fast.Addr, known: &fast.ID}))
	general := w.s.queries.patience()
	require.Equal(t, general, w.s.patienceWith(&query{to: slow.Addr, known: &slow.ID}), "not later than others")
	require.Equal(t, general, w.s.patienceWith(&query{to: public(1), known: &stranger}))
	require.Greater(t, general, leastPatience)
	w.s.ask(&query{to: fast.Addr, known: &fast.ID}, &krpc.Message{Method: krpc.Ping})
	late := w.s.Stats(w.now).Late
	w.wait(leastPatience - time.Millisecond)
	require.Equal(t, late, w.s.Stats(w.now).Late)
	w.wait(time.Millisecond)
	require.Equal(t, late+1, w.s.Stats(w.now).Late)
}

// Datagrams get lost, most often the first ones: while a kernel still looks for who has an
// address. So all are asked a second time before it is said that nobody answers.
func TestFirstQueriesAreLost(t *testing.T) {
	w := newWorld(t, Config{})
	var saved []krpc.Contact
	ids := make(map[netip.AddrPort]nodeid.ID)
	for i := range 4 {
		c := w.contact(i)
		saved, ids[c.Addr] = append(saved, c), c.ID
	}
	id := w.s.Begin(w.now, Request{Method: krpc.FindNode})
	w.s.Bootstrap(w.now, saved[:2], []netip.AddrPort{saved[2].Addr}, []netip.AddrPort{saved[3].Addr})
	asked := make(map[netip.AddrPort]int)
	done, events := w.play(id, func(q sent) (krpc.Message, bool) {
		asked[q.to]++
		return krpc.Message{ID: ids[q.to], HasNodes: true}, asked[q.to] > 1
	})
	require.NoError(t, done.Err)
	require.Len(t, done.Nodes, 3)
	require.Equal(t, []Event{BootstrappedEvent{Nodes: 3}}, events)
}
