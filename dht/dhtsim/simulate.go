package dhtsim

import (
	"cmp"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/node"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

// Config says what to simulate. Zero means the default, which is what a DHT of today is
// like.
type Config struct {
	Seed    uint64
	Nodes   int           // default 10,000
	Lookups int           // default 1,000
	MinRTT  time.Duration // of a datagram and its answer; default 20 ms
	MaxRTT  time.Duration // default 300 ms
	Silent  float64       // share of the nodes that fall silent; default 0.2, negative for none
	Hostile float64       // share of the nodes that lie; default 0.05, negative for none

	Tuning node.Tuning // of the nodes
}

// Tunings are what other programs count with, as far as the rules of our nodes have such
// numbers, by name.
var Tunings = map[string]node.Tuning{
	// libtorrent 2.1.0: 5 nodes side by side, one more for each that is late; a node that fails
	// once is not named, and gives its place to one that waits.
	"libtorrent": {
		Alpha:     5,
		Shortlist: 100,
		Trust:     true,
		BadAfter:  1,
		DropAfter: 20,
		Late:      time.Second,
		GiveUp:    15 * time.Second,
	},
	// anacrolix/dht v2, of August 2026: 3 nodes side by side, of which each keeps its place until it is given
	// up; a node stays until a ping of its bucket fails, which is minutes later.
	"anacrolix": {
		Alpha:     3,
		Shortlist: 10_000,
		Trust:     true,
		Plain:     true,
		BadAfter:  100,
		DropAfter: 100,
		Late:      2 * time.Second,
		GiveUp:    2 * time.Second,
	},
}

// A Result is what was measured.
type Result struct {
	Lookups   int
	Exact     int           // that found the 8 nearest nodes that are honest and answer
	Missed    int           // of those nodes, in all look-ups
	Found     int           // that found peers
	First     time.Duration // until the first peers, median
	First99   time.Duration // the same, 99th percentile
	Whole     time.Duration // until the end of a look-up, median
	Asked     float64       // nodes asked in a look-up, mean
	Sent      float64       // queries of a look-up, mean
	Datagrams int64
}

func (c Config) defaults() Config {
	c.Nodes, c.Lookups = cmp.Or(c.Nodes, 10_000), cmp.Or(c.Lookups, 1_000)
	c.MinRTT, c.MaxRTT = cmp.Or(c.MinRTT, 20*time.Millisecond), cmp.Or(c.MaxRTT, 300*time.Millisecond)
	c.Silent, c.Hostile = max(cmp.Or(c.Silent, 0.2), 0), max(cmp.Or(c.Hostile, 0.05), 0)
	return c
}

const (
	joinEvery  = 20 * time.Millisecond
	quietFor   = time.Minute // after the last has joined
	announcers = 5           // nodes that announce themselves in each swarm
	batch      = 50          // look-ups that run side by side
)

// Simulate builds a DHT, in which each node joins by the protocol, has some nodes fall
// silent, and measures look-ups.
func Simulate(c Config) Result {
	c = c.defaults()
	w := newNetwork(c)
	never := func() bool { return false }
	for i := range c.Nodes {
		m := w.join()
		m.hostile = i > 20 && w.random.Float64() < c.Hostile
		w.run(w.now.Add(joinEvery), never)
	}
	w.run(w.now.Add(quietFor), never)
	w.fallSilent(c.Silent)
	var all results
	for len(all) < c.Lookups {
		all = append(all, w.measure(min(batch, c.Lookups-len(all)))...)
	}
	r := all.result()
	r.Datagrams = w.sent
	return r
}

// honest returns a node that answers and does not lie.
func (w *network) honest() *member {
	for {
		m := w.nodes[w.random.IntN(len(w.nodes))]
		if !m.silent && !m.hostile {
			return m
		}
	}
}

// nearest returns the 8 nodes nearest to a target that are honest and answer.
func (w *network) nearest(target nodeid.ID, self *member) (all []krpc.Contact) {
	for _, m := range w.nodes {
		if m.silent || m.hostile || m == self {
			continue
		}
		c := krpc.Contact{ID: m.ID(), Addr: m.addr}
		i, _ := slices.BinarySearchFunc(all, c, func(a, b krpc.Contact) int { return nodeid.Compare(target, a.ID, b.ID) })
		if i < 8 {
			all = slices.Insert(all, i, c)
			all = all[:min(8, len(all))]
		}
	}
	return all
}

// An outcome is one look-up.
type outcome struct {
	missed int
	first  time.Duration // zero if no peers were found
	whole  time.Duration
	asked  int
	sent   int
}

// A watch is a task of a node.
type watch struct {
	began time.Time
	first time.Duration // until peers were named; zero for never
	whole time.Duration
	done  *node.DoneEvent
}

// begin has a node do something.
func (w *network) begin(m *member, r node.Request) *watch {
	o := &watch{began: w.now}
	if m.watches == nil {
		m.watches = make(map[node.TaskID]*watch)
	}
	m.watches[m.Begin(w.now, r)] = o
	w.settle(m)
	return o
}

// see notes what an event says of a task that is watched.
func (m *member) see(now time.Time, e node.Event) {
	switch e := e.(type) {
	case node.PeersEvent:
		o := m.watches[e.Task]
		if o != nil && o.first == 0 {
			o.first = now.Sub(o.began)
		}
	case node.DoneEvent:
		o := m.watches[e.Task]
		if o != nil {
			o.done, o.whole = &e, now.Sub(o.began)
			delete(m.watches, e.Task)
		}
	}
}

// await runs until all tasks are done.
func (w *network) await(all []*watch) {
	w.run(w.now.Add(time.Minute), func() bool {
		for len(all) > 0 && all[0].done != nil {
			all = all[1:]
		}
		return len(all) == 0
	})
}

// measure has nodes announce themselves in n swarms, and others look for them.
func (w *network) measure(n int) (all results) {
	var announces, searches []*watch
	var swarms []nodeid.ID
	for range n {
		swarm := nodeid.Random(w.random)
		swarms = append(swarms, swarm)
		for range announcers {
			announces = append(announces, w.begin(w.honest(), node.Request{Method: krpc.AnnouncePeer, Target: swarm, Port: 1}))
		}
	}
	w.await(announces)
	var seekers []*member
	for _, swarm := range swarms {
		m := w.honest()
		seekers = append(seekers, m)
		searches = append(searches, w.begin(m, node.Request{Method: krpc.GetPeers, Target: swarm}))
	}
	w.await(searches)
	for i, o := range searches {
		out := outcome{first: o.first, whole: o.whole}
		var found []krpc.Contact
		if o.done != nil {
			found, out.asked, out.sent = o.done.Nodes, o.done.Asked, o.done.Sent
		}
		for _, c := range w.nearest(swarms[i], seekers[i]) {
			if !slices.Contains(found, c) {
				out.missed++
			}
		}
		all = append(all, out)
	}
	return all
}

// results collects outcomes.
type results []outcome

func (all results) result() Result {
	r := Result{Lookups: len(all)}
	var first, whole []time.Duration
	asked, sent := 0, 0
	for _, o := range all {
		r.Missed += o.missed
		if o.missed == 0 {
			r.Exact++
		}
		if o.first > 0 {
			r.Found++
			first = append(first, o.first)
		}
		whole = append(whole, o.whole)
		asked += o.asked
		sent += o.sent
	}
	r.First, r.First99, r.Whole = percentile(first, 50), percentile(first, 99), percentile(whole, 50)
	n := float64(max(len(all), 1))
	r.Asked, r.Sent = float64(asked)/n, float64(sent)/n
	return r
}

func percentile(all []time.Duration, p int) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[min(len(all)*p/100, len(all)-1)]
}
