package lookup_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/lookup"
	"github.com/shoal-bt/shoal/dht/nodeid"
	"github.com/stretchr/testify/require"
)

func addr(i int) netip.AddrPort {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], uint32(20<<24+i<<8+1))
	return netip.AddrPortFrom(netip.AddrFrom4(b), 6881)
}

// A network is nodes of which each knows the nearest of any target among some of the others.
type network struct {
	random *rand.Rand
	nodes  []krpc.Contact
	silent map[netip.AddrPort]bool
	liars  map[netip.AddrPort]func(target nodeid.ID) []krpc.Contact
}

func newNetwork(n int, seed uint64) *network {
	w := &network{random: rand.New(rand.NewPCG(seed, 1)), silent: map[netip.AddrPort]bool{}, liars: map[netip.AddrPort]func(nodeid.ID) []krpc.Contact{}}
	for i := range n {
		w.nodes = append(w.nodes, krpc.Contact{ID: nodeid.ForAddr(addr(i).Addr(), w.random), Addr: addr(i)})
	}
	return w
}

// nearest returns the n nodes of some that are nearest to a target.
func nearest(of []krpc.Contact, target nodeid.ID, n int) []krpc.Contact {
	of = slices.Clone(of)
	slices.SortFunc(of, func(a, b krpc.Contact) int { return nodeid.Compare(target, a.ID, b.ID) })
	return of[:min(n, len(of))]
}

// answer returns what a node says about a target: it knows all that are near to itself, and
// others the better the nearer they are.
func (w *network) answer(c krpc.Contact, target nodeid.ID) []krpc.Contact {
	if lie := w.liars[c.Addr]; lie != nil {
		return lie(target)
	}
	var known []krpc.Contact
	for _, o := range w.nodes {
		if w.silent[o.Addr] && w.random.IntN(3) != 0 {
			continue // most tables have got rid of it
		}
		if nodeid.CommonBits(c.ID, o.ID)+2 >= nodeid.CommonBits(c.ID, target) || w.random.IntN(20) == 0 {
			known = append(known, o)
		}
	}
	fitting := slices.DeleteFunc(slices.Clone(known), func(o krpc.Contact) bool { return !nodeid.Fits(o.ID, o.Addr.Addr()) })
	return append(nearest(fitting, target, 8), nearest(known, target, 8-min(8, len(fitting)))...)
}

// run carries a search out. Those who are silent fail after they were late.
func (w *network) run(t *testing.T, l *lookup.Lookup) (asked int) {
	var flying, waiting []lookup.Question
	for !l.Done() {
		for q, ok := l.Next(); ok; q, ok = l.Next() {
			asked++
			flying = append(flying, q)
		}
		require.Less(t, asked, 1000)
		switch {
		case len(flying) > 0:
			i := w.random.IntN(len(flying))
			q := flying[i]
			flying = slices.Delete(flying, i, i+1)
			if w.silent[q.Addr] {
				l.Late(q)
				waiting = append(waiting, q)
				continue
			}
			l.Answered(q, q.ID, w.answer(q.Contact, q.Target))
		default:
			require.NotEmpty(t, waiting, "it is not done, and waits for nobody")
			l.Failed(waiting[0])
			waiting = waiting[1:]
		}
	}
	_, ok := l.Next()
	require.False(t, ok)
	return asked
}

// honest returns the nearest nodes that answer and do not lie.
func (w *network) honest(target nodeid.ID, n int) []krpc.Contact {
	all := slices.DeleteFunc(slices.Clone(w.nodes), func(c krpc.Contact) bool { return w.silent[c.Addr] || w.liars[c.Addr] != nil })
	return nearest(all, target, n)
}

// Two nodes, of which the first names the second.
func Example() {
	a := krpc.Contact{ID: nodeid.ID{0xf0}, Addr: netip.MustParseAddrPort("10.0.0.1:1")}
	b := krpc.Contact{ID: nodeid.ID{0x01}, Addr: netip.MustParseAddrPort("10.0.0.2:1")}
	l := lookup.New(lookup.Config{Target: nodeid.ID{}, Self: nodeid.ID{0xff}}, []krpc.Contact{a})
	q, _ := l.Next()
	l.Answered(q, a.ID, []krpc.Contact{b})
	q, _ = l.Next()
	l.Answered(q, b.ID, []krpc.Contact{a, b})
	fmt.Println(l.Done())
	for _, c := range l.Closest() {
		fmt.Println(c.Addr)
	}
	// Output:
	// true
	// 10.0.0.2:1
	// 10.0.0.1:1
}

// A search finds the eight nearest nodes of a thousand, also if a fifth is silent.
func TestFindsTheNearest(t *testing.T) {
	for seed := range uint64(30) {
		w := newNetwork(1000, seed)
		for _, c := range w.nodes {
			w.silent[c.Addr] = seed%2 == 1 && w.random.IntN(5) == 0
		}
		target := nodeid.Random(w.random)
		begin := w.honest(nodeid.Random(w.random), 4)
		l := lookup.New(lookup.Config{Target: target}, begin)
		asked := w.run(t, l)
		require.Equal(t, w.honest(target, 8), l.Closest(), "seed %d", seed)
		require.Less(t, asked, 50)
		all, answered := l.Count()
		require.LessOrEqual(t, all, asked)
		require.LessOrEqual(t, answered, asked)
	}
}

// near returns an id that has n bits in common with a target.
func (w *network) near(target nodeid.ID, n int) nodeid.ID {
	return nodeid.Random(w.random).WithPrefix(target, n).WithPrefix(target.Flip(n), n+1)
}

// Nodes that name made-up ones near the target keep a search neither from its end nor from
// the honest nearest.
func TestMadeUpNodes(t *testing.T) {
	for seed := range uint64(30) {
		w := newNetwork(1000, seed)
		made := 0
		for _, c := range w.nodes {
			if w.random.IntN(20) != 0 {
				continue
			}
			w.liars[c.Addr] = func(target nodeid.ID) (all []krpc.Contact) {
				for range 8 {
					made++
					a := addr(100000 + made)
					w.silent[a] = true
					id := w.near(target, 40)
					if made%2 == 0 { // one that fits its address is not as near
						id = nodeid.ForAddr(a.Addr(), w.random).WithPrefix(target, 15)
					}
					all = append(all, krpc.Contact{ID: id, Addr: a})
				}
				return all
			}
		}
		target := nodeid.Random(w.random)
		l := lookup.New(lookup.Config{Target: target}, w.honest(nodeid.Random(w.random), 4))
		asked := w.run(t, l)
		require.Less(t, asked, 100, "seed %d", seed)
		got := l.Closest()
		missing := 0
		for _, c := range w.honest(target, 8) {
			if !slices.Contains(got, c) {
				missing++
			}
		}
		require.LessOrEqual(t, missing, 1, "seed %d", seed)
	}
}

// Eight hostile nodes whose ids are nearest to the target, and do not fit their addresses,
// displace nobody. They are asked all the same: they may be honest programs that are old.
func TestNearestThatDoNotFit(t *testing.T) {
	w := newNetwork(300, 7)
	target := nodeid.Random(w.random)
	want := w.honest(target, 8)
	var hostile []krpc.Contact
	for i := range 8 {
		hostile = append(hostile, krpc.Contact{ID: w.near(target, 60+i), Addr: addr(5000 + i)})
	}
	for _, c := range hostile {
		w.liars[c.Addr] = func(nodeid.ID) []krpc.Contact { return hostile }
	}
	w.nodes = append(w.nodes, hostile...)
	l := lookup.New(lookup.Config{Target: target}, append(hostile[:2:2], want[7], w.nodes[0], w.nodes[1]))
	w.run(t, l)
	require.Equal(t, want, l.Closest())
}

// A thousand names in one network cost at most a few queries.
func TestOneNetworkIsAskedOnce(t *testing.T) {
	w := newNetwork(300, 8)
	target := nodeid.Random(w.random)
	var many []krpc.Contact
	for i := range 250 {
		a := netip.AddrPortFrom(netip.AddrFrom4([4]byte{99, 1, 2, byte(i)}), 7)
		many = append(many, krpc.Contact{ID: w.near(target, 30), Addr: a})
		w.silent[a] = true
	}
	for _, c := range w.nodes[:30] {
		w.liars[c.Addr] = func(nodeid.ID) []krpc.Contact { return many[w.random.IntN(230):] }
	}
	l := lookup.New(lookup.Config{Target: target}, w.nodes[:60])
	asked := make(map[netip.AddrPort]int)
	for !l.Done() {
		c, ok := l.Next()
		if !ok {
			break
		}
		if !c.Again {
			asked[c.Addr]++
		}
		if w.silent[c.Addr] {
			l.Failed(c)
			continue
		}
		l.Answered(c, c.ID, w.answer(c.Contact, c.Target))
	}
	n := 0
	for a, times := range asked {
		require.Equal(t, 1, times)
		if w.silent[a] {
			n++
		}
	}
	require.LessOrEqual(t, n, 3)
}

// An address is asked once, whatever ids it is said to have. It counts with the id with
// which it answers, unless that is ours.
func TestOtherIDs(t *testing.T) {
	a := netip.MustParseAddrPort("10.0.0.1:1")
	l := lookup.New(lookup.Config{Self: nodeid.ID{9}}, []krpc.Contact{{ID: nodeid.ID{1}, Addr: a}, {ID: nodeid.ID{2}, Addr: a}, {ID: nodeid.ID{9}, Addr: netip.MustParseAddrPort("10.0.0.2:1")}})
	c, ok := l.Next()
	require.True(t, ok)
	_, ok = l.Next()
	require.False(t, ok, "not again, and not ourselves")
	require.False(t, l.Done())
	ours := krpc.Contact{ID: nodeid.ID{4}, Addr: netip.MustParseAddrPort("10.0.0.3:1")}
	l.Answered(c, nodeid.ID{3}, []krpc.Contact{ours, c.Contact})
	require.False(t, l.Done())
	want := []krpc.Contact{{ID: nodeid.ID{3}, Addr: a}}
	require.Equal(t, want, l.Closest())
	q, ok := l.Next()
	require.True(t, ok)
	l.Answered(q, nodeid.ID{9}, nil)
	require.Equal(t, want, l.Closest())
	for q, ok := l.Next(); ok; q, ok = l.Next() {
		require.True(t, q.Again)
		l.Failed(q)
	}
	require.True(t, l.Done())
	l.Answered(c, c.ID, nil) // too late
	l.Late(c)
	l.Failed(c)
	c.Again = true
	l.Failed(c)
	c.Addr = netip.MustParseAddrPort("1.1.1.1:1")
	l.Failed(c)
	require.Equal(t, want, l.Closest())
	asked, answered := l.Count()
	require.Equal(t, []int{2, 1}, []int{asked, answered})
}

// Who names the nearest nodes first, with ids that they do not have, hides none of them.
func TestVictimsAreNotHidden(t *testing.T) {
	for seed := range uint64(10) {
		w := newNetwork(300, seed)
		target := nodeid.Random(w.random)
		want := w.honest(target, 8)
		var forged []krpc.Contact
		trueID := make(map[netip.AddrPort]nodeid.ID)
		for i, c := range want {
			trueID[c.Addr] = c.ID
			id := w.near(target, 40)
			if i%2 == 0 { // of the ids that fit an address there are many
				id = nodeid.ForAddr(c.Addr.Addr(), w.random)
			}
			forged = append(forged, krpc.Contact{ID: id, Addr: c.Addr})
		}
		liar := krpc.Contact{ID: nodeid.ForAddr(addr(5000).Addr(), w.random), Addr: addr(5000)}
		l := lookup.New(lookup.Config{Target: target}, append([]krpc.Contact{liar}, w.honest(nodeid.Random(w.random), 4)...))
		var flying []lookup.Question
		for !l.Done() {
			for q, ok := l.Next(); ok; q, ok = l.Next() {
				flying = append(flying, q)
			}
			q := flying[0]
			for i, o := range flying {
				if o.Addr == liar.Addr { // it is faster than all others
					q, flying[i] = o, flying[0]
				}
			}
			flying = flying[1:]
			id, isVictim := trueID[q.Addr]
			switch {
			case q.Addr == liar.Addr:
				l.Answered(q, liar.ID, forged)
			case isVictim:
				l.Answered(q, id, w.answer(krpc.Contact{ID: id, Addr: q.Addr}, q.Target))
			default:
				l.Answered(q, q.ID, w.answer(q.Contact, q.Target))
			}
		}
		require.Equal(t, want, l.Closest(), "seed %d", seed)
	}
}

// Many who name a node with ids that are far from the target, or do not fit its address, do not
// hide it from the one who names it right.
func TestManyWrongIDs(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	victim := krpc.Contact{ID: nodeid.ForAddr(addr(0).Addr(), random), Addr: addr(0)}
	for _, wrong := range []nodeid.ID{victim.ID.Flip(0), victim.ID.Flip(2)} {
		var tellers []krpc.Contact
		for i := range 12 {
			tellers = append(tellers, krpc.Contact{ID: nodeid.ForAddr(addr(i+1).Addr(), random), Addr: addr(i + 1)})
		}
		l := lookup.New(lookup.Config{Target: victim.ID, K: 20, Alpha: 20}, tellers)
		for i := range 12 {
			q, ok := l.Next()
			require.True(t, ok)
			named := victim
			if i < 11 {
				named.ID = wrong
				named.ID[19] = byte(i)
			}
			l.Answered(q, q.ID, []krpc.Contact{named})
		}
		q, ok := l.Next()
		require.True(t, ok)
		require.Equal(t, victim, q.Contact)
	}
}

// An honest node whose neighbors have just died named them first, and counts all the same,
// because it also named those who are there.
func TestDeadNeighbors(t *testing.T) {
	target := nodeid.ID{}
	contact := func(i int) krpc.Contact { return krpc.Contact{ID: nodeid.ID{19: byte(i)}, Addr: addr(i)} }
	local := func(i int) krpc.Contact {
		return krpc.Contact{ID: contact(i).ID, Addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), 1)}
	}
	first, second := local(200), local(201)
	l := lookup.New(lookup.Config{Target: target, Self: nodeid.ID{0: 1}}, []krpc.Contact{first, second})
	live, dead := []krpc.Contact{local(10), local(11)}, []krpc.Contact{local(1), local(2), local(3), local(4)}
	q, _ := l.Next()
	other, _ := l.Next()
	l.Answered(q, q.ID, live)
	l.Answered(other, other.ID, append(dead, live...)) // it is the only one that names the dead
	for !l.Done() {
		q, ok := l.Next()
		require.True(t, ok)
		if q.ID[19] < 10 {
			l.Failed(q)
			continue
		}
		l.Answered(q, q.ID, nil)
	}
	require.ElementsMatch(t, append(live, first, second), l.Closest())
}

// FuzzLookup does anything to a search.
func FuzzLookup(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 0, 1, 2, 1, 1, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		w := newNetwork(20, 3)
		l := lookup.New(lookup.Config{Target: nodeid.ID{7}, Alpha: 3}, w.nodes[:3])
		var flying []lookup.Question
		for ; len(b) >= 3; b = b[3:] {
			c, ok := l.Next()
			if ok {
				require.False(t, !c.Again && slices.Contains(flying, c), "nobody is asked twice")
				flying = append(flying, c)
			}
			if len(flying) == 0 {
				break
			}
			c = flying[int(b[1])%len(flying)]
			switch b[0] % 4 {
			case 0, 1:
				var named []krpc.Contact
				for i := range int(b[2]) % 20 {
					named = append(named, krpc.Contact{ID: w.near(nodeid.ID{7}, int(b[1])%100), Addr: addr(int(b[0])*i + int(b[2]))})
				}
				l.Answered(c, c.ID, named)
			case 2:
				l.Late(c)
			case 3:
				l.Failed(c)
			}
			require.LessOrEqual(t, len(l.Closest()), 8)
			l.Done()
		}
		for _, c := range flying {
			l.Failed(c)
		}
		for c, ok := l.Next(); ok; c, ok = l.Next() {
			l.Failed(c)
		}
		require.True(t, l.Done())
	})
}
