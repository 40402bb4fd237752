package pickertest

import (
	"slices"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A naive picker keeps the contract in the simplest way, in order of the pieces. Its
// fault, if it has one, says which clause it breaks.
type naive struct {
	fault    string
	g        swarm.Geometry
	order    []swarm.Peer // as they joined
	peers    map[swarm.Peer]swarm.Bitfield
	state    map[swarm.Block]*naiveBlock
	held     map[int]bool
	priority map[int]int
	deadline map[int]time.Time
	number   int // of pickers made before
}

type naiveBlock struct {
	here  bool
	from  swarm.Peer // when here
	asked []swarm.Peer
}

// made counts naive pickers. The tests that make them do not run side by side.
var made int

func newNaive(g swarm.Geometry, fault string) *naive {
	made++
	n := &naive{
		fault: fault, g: g, number: made,
		peers:    make(map[swarm.Peer]swarm.Bitfield),
		state:    make(map[swarm.Block]*naiveBlock),
		held:     make(map[int]bool),
		priority: make(map[int]int),
		deadline: make(map[int]time.Time),
	}
	for i := range g.Pieces() {
		n.priority[i] = 4
		for k := range g.BlockCount(i) {
			if b := g.Request(i, k); fault == "asks for pads" || b.Length > 0 {
				n.state[b] = &naiveBlock{}
			}
		}
	}
	return n
}

func (n *naive) is(fault string) bool { return n.fault == fault }

func (n *naive) Join(p swarm.Peer, have swarm.Bitfield) {
	own := swarm.NewBitfield(n.g.Pieces())
	copy(own, have)
	if n.is("keeps have") && have != nil {
		own = have
	}
	n.peers[p] = own
	n.order = append(n.order, p)
}

func (n *naive) Have(p swarm.Peer, piece int, has bool) {
	own, ok := n.peers[p]
	switch {
	case n.is("knows strangers") && !ok:
		n.Join(p, nil)
		n.peers[p].Set(piece)
	case !ok || n.is("ignores have"):
	case has:
		own.Set(piece)
	case !n.is("never takes back"):
		own.Clear(piece)
	}
}

func (n *naive) Leave(p swarm.Peer) {
	if !n.is("keeps who left") {
		delete(n.peers, p)
		n.order = slices.DeleteFunc(n.order, func(q swarm.Peer) bool { return p == q })
	}
	for _, s := range n.state {
		if n.is("leave frees all") {
			s.asked = nil
		} else if !n.is("leave frees nothing") {
			s.asked = slices.DeleteFunc(s.asked, func(q swarm.Peer) bool { return p == q })
		}
	}
}

func (n *naive) Wants(p swarm.Peer) bool {
	for i := range n.g.Pieces() {
		if n.peers[p].Has(i) && (n.priority[i] > 0 || n.is("ignores priority 0")) && !n.held[i] {
			return !n.is("interest inverted")
		}
	}
	return n.is("interest inverted")
}

func (n *naive) Drop(p swarm.Peer, b swarm.Block) {
	if s := n.state[b]; s != nil && !n.is("drop does nothing") {
		if n.is("drop frees all") {
			s.asked = nil
		}
		s.asked = slices.DeleteFunc(s.asked, func(q swarm.Peer) bool { return p == q })
	}
}

func (n *naive) Arrive(dst []swarm.Peer, p swarm.Peer, b swarm.Block) ([]swarm.Peer, bool) {
	if n.is("takes blocks with pads") && n.g.Serves(b) {
		b = n.g.Request(b.Piece, b.Begin/swarm.BlockLen)
	}
	s := n.state[b]
	if n.peers[p] == nil || s == nil || s.here && !n.is("arrives twice") && !(n.held[b.Piece] && n.is("arrives though held")) {
		return dst, false
	}
	if n.is("late is lost") && !slices.Contains(s.asked, p) {
		return dst, false
	}
	for _, q := range s.asked {
		if (q != p || n.is("cancels the winner")) && !n.is("cancels nobody") {
			dst = append(dst, q)
		}
	}
	if n.is("loses dst") {
		dst = nil
	}
	*s = naiveBlock{here: true, from: p}
	return dst, true
}

func (n *naive) Held(piece int) {
	n.held[piece] = !n.is("held does nothing")
	for b := range n.g.Blocks(piece) {
		*n.state[b] = naiveBlock{here: true, from: 1 << 60}
	}
}

func (n *naive) Lose(piece int, blocks []int) {
	if n.is("loses any block") {
		n.held[piece] = n.held[piece] && len(blocks) == 0
	}
	for k := range n.g.BlockCount(piece) {
		s := n.state[n.g.Request(piece, k)]
		if s == nil || blocks != nil && !slices.Contains(blocks, k) && !n.is("loses all") {
			continue
		}
		if n.is("lose keeps held") && n.held[piece] {
			return
		}
		n.held[piece] = false
		s.here = false
		if n.is("lose forgets requests") {
			s.asked = nil
		}
	}
}

func (n *naive) SetPriority(piece, priority int) { n.priority[piece] = priority }

func (n *naive) SetDeadline(piece int, t time.Time) {
	if !t.IsZero() {
		n.deadline[piece] = t
	} else if !n.is("keeps deadlines") {
		delete(n.deadline, piece)
	}
}
