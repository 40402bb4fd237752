package dhtload

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/shoal-bt/shoal/dht/item"
	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

const (
	tick     = 5 * time.Millisecond // between two bursts of queries
	swarms   = 1000                 // that are asked for and announced to
	items    = 200                  // that are stored
	known    = 8                    // nodes that an answer names
	settling = 5 * time.Second      // until the node has asked who asked it
)

// A Load is nodes, and what they ask. Its methods are for one goroutine.
type Load struct {
	To    netip.AddrPort // the node that is measured
	Nodes int            // addresses, up to 250
	Net   byte           // they are 127.Net.0.1 and on
	Delay time.Duration  // after which they answer

	random *rand.Rand
	nodes  []*node
	swarms []nodeid.ID
	items  []item.Item

	answers, errors atomic.Int64
	sent            atomic.Int64 // by Run and Flood
}

// Sent returns how many queries the system has taken from Run and Flood so far. It may be called
// concurrently.
func (l *Load) Sent() int64 { return l.sent.Load() }

// A node is one socket.
type node struct {
	load  *Load
	id    nodeid.ID
	addr  netip.AddrPort
	conn  *net.UDPConn
	token []byte
	asked atomic.Bool // by the node that is measured
	got   chan []byte // its token
}

// Open opens the sockets. The nodes answer from now on.
func (l *Load) Open() error {
	l.random = rand.New(rand.NewPCG(uint64(l.Net), 1))
	for i := range l.Nodes {
		conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, l.Net, 0, byte(i+1))})
		if err != nil {
			l.Close()
			return err
		}
		addr := conn.LocalAddr().(*net.UDPAddr).AddrPort()
		l.nodes = append(l.nodes, &node{load: l, id: nodeid.Random(l.random), addr: addr, conn: conn, got: make(chan []byte, 1)})
	}
	for _, n := range l.nodes {
		go n.read()
	}
	for range swarms {
		l.swarms = append(l.swarms, nodeid.Random(l.random))
	}
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	for i := range items {
		v, err := item.Sign(private, fmt.Appendf(nil, "item %d", i), 1, fmt.Appendf(nil, "i%de", i))
		if err != nil {
			return err
		}
		l.items = append(l.items, v)
	}
	return nil
}

// Close ends the nodes.
func (l *Load) Close() {
	for _, n := range l.nodes {
		n.conn.Close()
	}
}

// Meet has the node get to know the others, and each of them a token.
func (l *Load) Meet(ctx context.Context) error {
	for _, n := range l.nodes {
		var token []byte
		for end := time.Now().Add(settling); token == nil; {
			n.send(&krpc.Message{Kind: krpc.Query, Method: krpc.GetPeers, HasTarget: true, Transaction: []byte("token")})
			select {
			case token = <-n.got:
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
				return ctx.Err()
			}
			if token == nil && time.Now().After(end) {
				return errors.New("the node gives no token")
			}
		}
		n.token = token
	}
	// It asks few at a time who ask it.
	for end := time.Now().Add(settling); time.Now().Before(end); {
		isDone := true
		for _, n := range l.nodes {
			if !n.asked.Load() {
				isDone = false
				n.send(&krpc.Message{Kind: krpc.Query, Method: krpc.Ping, Transaction: []byte("ping")})
			}
		}
		if isDone {
			break
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// A Count is queries, by what became of them.
type Count struct {
	Sent    int
	Answers int
	Errors  int // answers that refuse
}

// Run sends queries at a rate, in queries per second, for some time: 40 % find_node, 40 %
// get_peers, 15 % announce_peer, 5 % put.
func (l *Load) Run(ctx context.Context, rate int, d time.Duration) (Count, error) {
	return l.run(ctx, rate, d, l.query)
}

// Flood sends find_node queries at a rate, as strangers that answer nobody.
func (l *Load) Flood(ctx context.Context, rate int, d time.Duration) (Count, error) {
	m := krpc.Message{Kind: krpc.Query, Method: krpc.FindNode, HasTarget: true, ReadOnly: true, Transaction: []byte("flood")}
	return l.run(ctx, rate, d, func(*node) krpc.Message { return m })
}

func (l *Load) run(ctx context.Context, rate int, d time.Duration, query func(*node) krpc.Message) (c Count, err error) {
	answers, refused := l.answers.Load(), l.errors.Load()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for begin := time.Now(); time.Since(begin) < d; {
		due := int(float64(rate) * time.Since(begin).Seconds())
		for ; c.Sent < due; c.Sent++ {
			n := l.nodes[l.random.IntN(len(l.nodes))]
			m := query(n)
			err := n.send(&m)
			if err == nil {
				l.sent.Add(1)
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return c, ctx.Err()
		}
	}
	select {
	case <-time.After(200 * time.Millisecond): // the last answers come
	case <-ctx.Done():
		return c, ctx.Err()
	}
	c.Answers, c.Errors = int(l.answers.Load()-answers), int(l.errors.Load()-refused)
	return c, nil
}

// query returns the next query of a node.
func (l *Load) query(n *node) krpc.Message {
	m := krpc.Message{Kind: krpc.Query, Transaction: []byte("load"), HasTarget: true}
	swarm := l.swarms[l.random.IntN(len(l.swarms))]
	switch p := l.random.IntN(100); {
	case p < 40:
		m.Method, m.Target = krpc.FindNode, nodeid.Random(l.random)
	case p < 80:
		m.Method, m.Target = krpc.GetPeers, swarm
	case p < 95:
		m.Method, m.Target, m.Token, m.Port = krpc.AnnouncePeer, swarm, n.token, 6881
	default:
		i := l.items[l.random.IntN(len(l.items))]
		m.Method, m.Token, m.HasSeq = krpc.Put, n.token, true
		m.Value, m.Key, m.Salt, m.Sig, m.Seq = i.Value, i.Key, i.Salt, i.Sig, i.Seq
	}
	return m
}

// send sends a query. One that is lost is not answered.
func (n *node) send(m *krpc.Message) error {
	m.ID = n.id
	_, err := n.conn.WriteToUDPAddrPort(m.AppendTo(nil), n.load.To)
	return err
}

// read takes in answers, and answers queries.
func (n *node) read() {
	b := make([]byte, krpc.MaxDatagram)
	for {
		size, from, err := n.conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		m, err := krpc.Parse(b[:size])
		switch {
		case err != nil:
		case m.Kind == krpc.Query:
			n.asked.Store(true)
			n.answer(from, &m)
		case string(m.Transaction) == "token":
			select {
			case n.got <- slices.Clone(m.Token):
			default:
			}
		case string(m.Transaction) == "load", string(m.Transaction) == "flood":
			n.load.answers.Add(1)
			if m.Kind == krpc.Failure {
				n.load.errors.Add(1)
			}
		}
	}
}

// answer names the nodes that are nearest to a target.
func (n *node) answer(to netip.AddrPort, m *krpc.Message) {
	a := krpc.Message{Kind: krpc.Response, Transaction: slices.Clone(m.Transaction), ID: n.id, HasNodes: true}
	if m.HasTarget {
		nearest := slices.Clone(n.load.nodes)
		slices.SortFunc(nearest, func(a, b *node) int { return nodeid.Compare(m.Target, a.id, b.id) })
		for _, o := range nearest[:min(known, len(nearest))] {
			a.Nodes = append(a.Nodes, krpc.Contact{ID: o.id, Addr: o.addr})
		}
	}
	wire := a.AppendTo(nil)
	time.AfterFunc(n.load.Delay, func() { n.conn.WriteToUDPAddrPort(wire, to) })
}
