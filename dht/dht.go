package dht

import (
	"cmp"
	"context"
	crand "crypto/rand"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/shoal-bt/shoal/dht/krpc"
	"github.com/shoal-bt/shoal/dht/node"
	"github.com/shoal-bt/shoal/dht/nodeid"
)

// version is ours, as other nodes see it (https://www.bittorrent.org/beps/bep_0005.html).
const version = "SL\x00\x01"

// A Node is a node of the DHT, or two: one for each family of addresses.
type Node struct {
	config  Config
	context context.Context // done when the node closes
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu       sync.Mutex
	families []*family
	closed   bool
}

// A family is the node of one socket. Its fields are guarded by Node.mu.
type family struct {
	node    *Node
	conn    net.PacketConn
	is6     bool
	state   *node.State
	timer   *time.Timer
	calls   map[node.TaskID]*call
	backoff time.Duration // before the next bootstrap after one that has failed
	retry   *time.Timer
	retryAt time.Time // when retry fires

	external netip.Addr   // as others saw us last
	begunAt  time.Time    // when the last bootstrap began
	isAlone  bool         // no node is known
	why      NoNodesError // if so
}

// Open starts a node on sockets, which begins to know others.
func Open(c Config) (*Node, error) {
	if c.Conn4 == nil && c.Conn6 == nil {
		return nil, errors.New("dht: a node needs a socket: set Config.Conn4 or Conn6")
	}
	n := &Node{config: c}
	n.context, n.cancel = context.WithCancel(context.Background())
	if c.Conn4 != nil {
		n.add(c.Conn4, false, c.Saved.ID4, c.External4)
	}
	if c.Conn6 != nil {
		n.add(c.Conn6, true, c.Saved.ID6, c.External6)
	}
	if len(n.families) == 2 {
		node.Pair(n.families[0].state, n.families[1].state)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, f := range n.families {
		n.running.Go(f.read)
		f.begin()
	}
	return n, nil
}

// add makes the node of a family.
func (n *Node) add(conn net.PacketConn, is6 bool, self nodeid.ID, external netip.Addr) {
	var seed, secret [32]byte
	crand.Read(seed[:])
	crand.Read(secret[:])
	state := node.New(time.Now(), node.Config{
		Self:           self,
		External:       external,
		Is6:            is6,
		ReadOnly:       n.config.ReadOnly,
		EnforceIDs:     n.config.EnforceIDs,
		QueriesPerAddr: n.config.QueriesPerAddr,
		Queries:        n.config.Queries,
		Version:        cmp.Or(n.config.Version, version),
		Secret:         secret,
		Random:         rand.New(rand.NewChaCha8(seed)),
	})
	f := &family{node: n, conn: conn, is6: is6, state: state, calls: make(map[node.TaskID]*call)}
	f.timer = time.AfterFunc(time.Hour, f.wake)
	f.retry = time.AfterFunc(time.Hour, f.again)
	f.retry.Stop() // until a bootstrap has failed
	n.families = append(n.families, f)
}

// maxReadErrors is how many reads of a socket may fail one after the other: a socket that is
// broken for good would otherwise be read in an endless loop.
const maxReadErrors = 1000

// read takes in datagrams until the node closes. A socket that fails ends the node.
func (f *family) read() {
	b := make([]byte, krpc.MaxDatagram+1)
	failed := 0 // reads, since the last datagram
	for {
		size, from, err := receive(f.conn, b)
		if err != nil {
			if f.node.context.Err() != nil {
				return
			}
			failed++
			if isTemporary(err) && failed < maxReadErrors {
				continue
			}
			go f.node.close(err)
			return
		}
		failed = 0
		f.do(func(now time.Time) { f.state.Receive(now, from, b[:size]) })
	}
}

// isTemporary reports whether a socket may be read again: a refused datagram of ours is
// reported to some sockets, and a deadline may be somebody else's.
func isTemporary(err error) bool {
	var e net.Error
	return errors.As(err, &e) && !errors.Is(err, net.ErrClosed)
}

// do changes the state, and carries out what it wants done.
func (f *family) do(change func(now time.Time)) {
	f.node.mu.Lock()
	defer f.node.mu.Unlock()
	if f.node.closed {
		return
	}
	change(time.Now())
	for _, f := range f.node.families {
		f.settle() // the other one may have got nodes
	}
}

// settle sends, reports and sets the timer. The lock is held.
func (f *family) settle() {
	now := time.Now()
	turn := f.state.Settle(now)
	for _, d := range turn.Send {
		send(f.conn, d.Bytes, d.To)
	}
	for _, e := range turn.Events {
		f.handle(e)
	}
	f.timer.Reset(max(turn.Next.Sub(now), time.Millisecond))
}

// wake is called by the timer.
func (f *family) wake() { f.do(func(time.Time) {}) }

// handle passes an event on to who waits for it.
func (f *family) handle(e node.Event) {
	switch e := e.(type) {
	case node.BootstrappedEvent:
		f.bootstrapped(e)
	case node.AddressEvent:
		f.node.report(AddressEvent(e))
		f.moved(e)
	case node.PeersEvent:
		f.calls[e.Task].got(e)
	case node.ItemEvent:
		f.calls[e.Task].got(e)
	case node.SamplesEvent:
		f.calls[e.Task].got(e)
	case node.DoneEvent:
		c := f.calls[e.Task]
		delete(f.calls, e.Task)
		if c == nil {
			return
		}
		if f.isAlone && !c.isPing && errors.Is(e.Err, ErrNoNodes) {
			e.Err = f.whyAlone()
		}
		f.node.report(LookupEvent{Target: c.target, Is6: f.is6, Asked: e.Asked, Nodes: len(e.Nodes), Err: e.Err})
		c.finished(e)
	}
}

// report calls OnEvent. The lock is held.
func (n *Node) report(e Event) {
	if n.config.OnEvent != nil {
		n.config.OnEvent(e)
	}
}

// Close ends all calls and returns when the node has let go of its sockets. They are not
// closed; a deadline that Close sets on them is taken back.
func (n *Node) Close() error {
	n.close(nil)
	n.running.Wait()
	return nil
}

func (n *Node) close(why error) {
	n.mu.Lock()
	if n.closed {
		n.mu.Unlock()
		return
	}
	n.closed = true
	n.cancel()
	for _, f := range n.families {
		f.timer.Stop()
		f.retry.Stop()
		f.conn.SetReadDeadline(time.Unix(1, 0))
		for _, c := range f.calls {
			c.fail()
		}
		f.calls = nil
	}
	n.report(ClosedEvent{why})
	n.mu.Unlock()
	n.running.Wait()
	for _, f := range n.families {
		f.conn.SetReadDeadline(time.Time{})
	}
}

// Save returns what is worth keeping.
func (n *Node) Save() (s Saved) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	for _, f := range n.families {
		id := f.state.ID()
		if f.is6 {
			s.ID6 = id
		} else {
			s.ID4 = id
		}
		s.Nodes = append(s.Nodes, f.state.Nodes(now, id, maxSaved)...)
	}
	return s
}

// Stats are counts and sizes of the node of one family.
type Stats = node.Stats

// Stats returns counts and sizes, of IPv4 and of IPv6; nil for a family without a socket.
func (n *Node) Stats() (v4, v6 *Stats) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, f := range n.families {
		t := f.state.Stats(time.Now())
		if f.is6 {
			v6 = &t
		} else {
			v4 = &t
		}
	}
	return v4, v6
}

// Nodes returns up to 8 nodes of each family that are good and near to a target.
func (n *Node) Nodes(target nodeid.ID) (all []krpc.Contact) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, f := range n.families {
		all = append(all, f.state.Nodes(time.Now(), target, 8)...)
	}
	return all
}

// Add names addresses where nodes may be: the nodes of a .torrent file, or a peer that sent
// PORT. They are asked when there is time.
func (n *Node) Add(addrs ...netip.AddrPort) {
	for _, f := range n.families {
		f.do(func(now time.Time) { f.state.Suggest(now, addrs...) })
	}
}
