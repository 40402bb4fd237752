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

	// Parameters of the nodes; see node.Config.
	K, Alpha     int
	Trust, Plain bool
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
	Datagrams int64
}

func (c Config) defaults() Config {
	c.Nodes, c.Lookups = cmp.Or(c.Nodes, 10_000), cmp.Or(c.Lookups, 1_000)
	c.MinRTT, c.MaxRTT = cmp.Or(c.MinRTT, 20*time.Millisecond), cmp.Or(c.MaxRTT, 300*time.Millisecond)
	c.Silent, c.Hostile = max(cmp.Or(c.Silent, 0.2), 0), max(cmp.Or(c.Hostile, 0.05), 0)
	return c
}

const (
	joinEvery = 20 * time.Millisecond
	quietFor  = time.Minute // after the last has joined
	announcer = 5           // nodes that announce themselves in each swarm
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
	for range c.Lookups {
		all.add(w.measure())
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
		all = append(all, krpc.Contact{ID: m.ID(), Addr: m.addr})
	}
	slices.SortFunc(all, func(a, b krpc.Contact) int { return nodeid.Compare(target, a.ID, b.ID) })
	return all[:min(8, len(all))]
}

// An outcome is one look-up.
type outcome struct {
	missed int
	first  time.Duration // zero if no peers were found
	whole  time.Duration
	asked  int
}

// measure has some nodes announce themselves in a swarm, and another look for them.
func (w *network) measure() (o outcome) {
	swarm := nodeid.Random(w.random)
	for range announcer {
		w.do(w.honest(), node.Request{Method: krpc.AnnouncePeer, Target: swarm, Port: 1})
	}
	m := w.honest()
	began := w.now
	done := w.watch(m, node.Request{Method: krpc.GetPeers, Target: swarm}, func(node.PeersEvent) {
		if o.first == 0 {
			o.first = w.now.Sub(began)
		}
	})
	o.whole, o.asked = w.now.Sub(began), done.Asked
	for _, c := range w.nearest(swarm, m) {
		if !slices.Contains(done.Nodes, c) {
			o.missed++
		}
	}
	return o
}

// do has a node carry out a request to its end.
func (w *network) do(m *member, r node.Request) node.DoneEvent { return w.watch(m, r, func(node.PeersEvent) {}) }

func (w *network) watch(m *member, r node.Request, peers func(node.PeersEvent)) (done node.DoneEvent) {
	id := m.Begin(w.now, r)
	over := false
	m.events = func(e node.Event) {
		switch e := e.(type) {
		case node.PeersEvent:
			if e.Task == id {
				peers(e)
			}
		case node.DoneEvent:
			if e.Task == id {
				done, over = e, true
			}
		}
	}
	w.settle(m)
	w.run(w.now.Add(time.Minute), func() bool { return over })
	m.events = nil
	return done
}

// results collects outcomes.
type results []outcome

func (all *results) add(o outcome) { *all = append(*all, o) }

func (all results) result() Result {
	r := Result{Lookups: len(all)}
	var first, whole []time.Duration
	asked := 0
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
	}
	r.First, r.First99, r.Whole = percentile(first, 50), percentile(first, 99), percentile(whole, 50)
	r.Asked = float64(asked) / float64(max(len(all), 1))
	return r
}

func percentile(all []time.Duration, p int) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[min(len(all)*p/100, len(all)-1)]
}
