package dhtsim

import (
	"container/heap"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/shoal-bt/shoal/dht/node"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

// retryAfter is when a node begins again that found nobody.
const retryAfter = 30 * time.Second

// A network is the nodes, and what is on its way between them.
type network struct {
	config Config
	now    time.Time
	random *rand.Rand
	nodes  []*member
	addrs  map[netip.AddrPort]*member
	queue  queue
	count  uint64 // of things put into the queue, so that equal times have an order
	sent   int64  // datagrams

	disguises map[uint16][]disguise // of hostile nodes, by the first bits of their ids
}

// A member is one node.
type member struct {
	*node.State
	index   int
	addr    netip.AddrPort
	silent  bool
	hostile bool
	wakeAt  time.Time
	watches map[node.TaskID]*watch
}

// A happening is a datagram that arrives, or a node that must be looked at.
type happening struct {
	at    time.Time
	order uint64
	to    *member
	from  netip.AddrPort // zero for a wake-up
	bytes []byte
	again bool // a bootstrap that has failed begins again
}

type queue []happening

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].at.Equal(q[j].at) {
		return q[i].order < q[j].order
	}
	return q[i].at.Before(q[j].at)
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(happening)) }
func (q *queue) Pop() any {
	last := len(*q) - 1
	x := (*q)[last]
	(*q)[last] = happening{}
	*q = (*q)[:last]
	return x
}

func newNetwork(c Config) *network {
	w := &network{
		config: c,
		now:    time.Unix(1e9, 0),
		random: rand.New(rand.NewPCG(c.Seed, 1)),
		addrs:  make(map[netip.AddrPort]*member),
	}
	w.makeDisguises()
	return w
}

// join adds a node with a public address of its own, which gets to know others from some
// that are there.
func (w *network) join() *member {
	m := &member{index: len(w.nodes), addr: w.newAddr()}
	external := m.addr.Addr()
	m.State = node.New(w.now, node.Config{
		External:       external,
		Self:           nodeid.ForAddr(external, w.random),
		Random:         rand.New(rand.NewPCG(w.config.Seed, uint64(m.index)+2)),
		QueriesPerAddr: -1,
		Queries:        -1,
		Tuning:         w.config.Tuning,
	})
	routers := w.routers()
	w.nodes = append(w.nodes, m)
	w.addrs[m.addr] = m
	m.Bootstrap(w.now, nil, nil, routers)
	w.settle(m)
	return m
}

// routers returns some nodes that are there, if there are any.
func (w *network) routers() (all []netip.AddrPort) {
	for range min(3, len(w.nodes)) {
		all = append(all, w.nodes[w.random.IntN(len(w.nodes))].addr)
	}
	return all
}

// newAddr returns an address of a /24 that nobody has.
func (w *network) newAddr() netip.AddrPort {
	for {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], w.random.Uint32())
		b[0] = 20 + b[0]%80
		b[3] = 1
		a := netip.AddrPortFrom(netip.AddrFrom4(b), 6881)
		if w.addrs[a] == nil {
			return a
		}
	}
}

// delay returns how long a datagram takes between two addresses: the same each time.
func (w *network) delay(a, b netip.AddrPort) time.Duration {
	if b.Addr().Less(a.Addr()) {
		a, b = b, a
	}
	x, y := a.Addr().As4(), b.Addr().As4()
	h := uint64(binary.BigEndian.Uint32(x[:]))*0x9e3779b97f4a7c15 ^ uint64(binary.BigEndian.Uint32(y[:]))*0xc2b2ae3d27d4eb4f
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 32
	span := w.config.MaxRTT - w.config.MinRTT
	return (w.config.MinRTT + time.Duration(h%uint64(span+1))) / 2
}

func (w *network) push(h happening) {
	w.count++
	h.order = w.count
	heap.Push(&w.queue, h)
}

// settle carries out what a node wants done.
func (w *network) settle(m *member) {
	turn := m.Settle(w.now)
	for _, d := range turn.Send {
		w.sent++
		to := w.addrs[d.To]
		if to != nil && !to.silent {
			w.push(happening{at: w.now.Add(w.delay(m.addr, d.To)), to: to, from: m.addr, bytes: d.Bytes})
		}
	}
	for _, e := range turn.Events {
		m.see(w.now, e)
		b, ok := e.(node.BootstrappedEvent)
		if ok && b.Err != nil {
			w.push(happening{at: w.now.Add(retryAfter), to: m, again: true})
		}
	}
	next := turn.Next
	if !next.After(w.now) {
		next = w.now.Add(time.Millisecond)
	}
	isSooner := m.wakeAt.IsZero() || !m.wakeAt.After(w.now) || next.Before(m.wakeAt)
	if isSooner {
		m.wakeAt = next
		w.push(happening{at: next, to: m})
	}
}

// run lets everything happen until a time, or until done says so.
func (w *network) run(until time.Time, done func() bool) {
	for len(w.queue) > 0 && !w.queue[0].at.After(until) && !done() {
		h := heap.Pop(&w.queue).(happening)
		w.now = h.at
		m := h.to
		switch {
		case m.silent:
			continue
		case h.again:
			m.Bootstrap(w.now, nil, nil, w.routers())
		case !h.from.IsValid():
			if !h.at.Equal(m.wakeAt) {
				continue // it was woken before
			}
		case m.hostile && w.lie(m, h):
			continue
		default:
			m.Receive(w.now, h.from, h.bytes)
		}
		w.settle(m)
	}
	if w.now.Before(until) && !done() {
		w.now = until
	}
}
