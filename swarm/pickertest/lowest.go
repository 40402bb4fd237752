package pickertest

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A Lowest is a [swarm.Prioritizer] and a [swarm.Sequencer] for tests of an engine: its choice
// is easy to foresee. It picks the lowest blocks first: of pieces with a deadline, of those that
// are begun, and of others. In the end game it requests each block from two peers. It is slow. As any Picker it belongs to one
// torrent, and its calls must not overlap.
type Lowest struct {
	geometry swarm.Geometry
	blocks   [][]lowestBlock // by piece and number
	held     []bool
	begun    []bool
	priority []int
	deadline []time.Time // zero for none
	order    []int       // in which pieces of the same priority are begun
	own      []int       // order as it was at first
	peers    map[swarm.Peer]swarm.Bitfield
}

// A lowestBlock is the state of one block.
type lowestBlock struct {
	pad      bool // all pad, never requested
	arrived  bool // or held
	sender   swarm.Peer
	known    bool         // who sender is
	requests []swarm.Peer // from which peers it is requested
}

// maxLowestRequests is how many peers a block is requested from in the end game.
const maxLowestRequests = 2

// NewLowest returns a picker that begins pieces in the order of their numbers.
func NewLowest(g swarm.Geometry) *Lowest {
	n := g.Pieces()
	l := &Lowest{
		geometry: g,
		blocks:   make([][]lowestBlock, n),
		held:     make([]bool, n),
		begun:    make([]bool, n),
		priority: make([]int, n),
		deadline: make([]time.Time, n),
		order:    make([]int, n),
		peers:    make(map[swarm.Peer]swarm.Bitfield),
	}
	for i := range n {
		l.order[i], l.priority[i] = i, 4
		l.blocks[i] = make([]lowestBlock, g.BlockCount(i))
		for k := range l.blocks[i] {
			l.blocks[i][k].pad = g.Request(i, k).Length == 0
		}
	}
	l.own = slices.Clone(l.order)
	return l
}

// NewShuffled returns a picker that begins pieces in a random order, which follows from
// seed.
func NewShuffled(g swarm.Geometry, seed uint64) *Lowest {
	l := NewLowest(g)
	r := rand.New(rand.NewPCG(seed, 1))
	r.Shuffle(len(l.order), func(i, j int) { l.order[i], l.order[j] = l.order[j], l.order[i] })
	l.own = slices.Clone(l.order)
	return l
}

// IsHeld reports whether the picker takes a piece, which must exist, for held.
func (l *Lowest) IsHeld(piece int) bool { return l.held[piece] }

// Priority returns the priority of a piece, which must exist, and Deadline when it is needed.
func (l *Lowest) Priority(piece int) int { return l.priority[piece] }

// Deadline returns when a piece, which must exist, is needed; zero for no deadline.
func (l *Lowest) Deadline(piece int) time.Time { return l.deadline[piece] }

// IsSequential reports whether pieces are begun by their index.
func (l *Lowest) IsSequential() bool { return slices.IsSorted(l.order) }

// HasArrived reports whether the picker takes b for a block that has arrived, or is of a
// held piece. It is false if Geometry.Contains is.
func (l *Lowest) HasArrived(b swarm.Block) bool {
	s := l.at(b)
	return s != nil && s.arrived
}

// Knows reports whether a peer has joined and not left.
func (l *Lowest) Knows(p swarm.Peer) bool { return l.peers[p] != nil }

// at returns the state of b, or nil if it is not a block that may be requested.
func (l *Lowest) at(b swarm.Block) *lowestBlock {
	if !l.geometry.Contains(b) {
		return nil
	}
	return &l.blocks[b.Piece][b.Begin/swarm.BlockLen]
}

// Join implements swarm.Picker, and so do the methods that follow.
func (l *Lowest) Join(p swarm.Peer, have swarm.Bitfield) {
	b := swarm.NewBitfield(len(l.held))
	copy(b, have)
	l.peers[p] = b
}

// Have notes that p has a piece, or no longer.
func (l *Lowest) Have(p swarm.Peer, piece int, has bool) {
	switch b := l.peers[p]; {
	case b == nil || piece < 0 || piece >= len(l.held):
	case has:
		b.Set(piece)
	default:
		b.Clear(piece)
	}
}

// Leave forgets p and its requests.
func (l *Lowest) Leave(p swarm.Peer) {
	if l.peers[p] == nil {
		return
	}
	delete(l.peers, p)
	for i := range l.blocks {
		for k := range l.blocks[i] {
			l.blocks[i][k].forget(p)
		}
	}
}

// forget ends the request from p.
func (b *lowestBlock) forget(p swarm.Peer) {
	b.requests = slices.DeleteFunc(b.requests, func(q swarm.Peer) bool { return p == q })
}

// isWanted reports whether a piece is missing and has a priority above 0.
func (l *Lowest) isWanted(piece int) bool { return !l.held[piece] && l.priority[piece] > 0 }

// Wants reports whether p has a piece that is wanted and not held.
func (l *Lowest) Wants(p swarm.Peer) bool {
	for i := range l.held {
		if l.isWanted(i) && l.peers[p].Has(i) {
			return true
		}
	}
	return false
}

// Pick picks the lowest blocks.
func (l *Lowest) Pick(dst []swarm.Block, a swarm.Ask) []swarm.Block {
	if l.peers[a.Peer] == nil {
		return dst
	}
	pieces := l.piecesFor(a)
	most, begin := len(dst)+max(0, a.MaxBlocks), a.MaxNewPieces
	for _, i := range pieces {
		if !l.begun[i] {
			if begin <= 0 {
				continue
			}
			begin--
		}
		dst = l.pickFrom(dst, most, i, a.Peer, false)
	}
	if len(dst) < most && !l.anyFree() {
		for _, i := range pieces {
			dst = l.pickFrom(dst, most, i, a.Peer, true)
		}
	}
	return dst
}

// piecesFor returns the pieces to pick from, in order: those with a deadline, those that the
// peer suggests, those that are begun, and the others, the highest priority first.
func (l *Lowest) piecesFor(a swarm.Ask) (pieces []int) {
	classes := [...]func(int) bool{
		func(i int) bool { return !l.deadline[i].IsZero() },
		func(i int) bool { return slices.Contains(a.First, i) },
		func(i int) bool { return l.begun[i] },
		func(int) bool { return true },
	}
	for class, isIn := range classes {
		first := len(pieces)
		for _, i := range l.order {
			listed := a.Only == nil || slices.Contains(a.Only, i)
			offered := l.isWanted(i) && l.peers[a.Peer].Has(i)
			if offered && listed && isIn(i) && !slices.Contains(pieces, i) && !(a.Exclusive && l.isShared(i, a.Peer)) {
				pieces = append(pieces, i)
			}
		}
		slices.SortStableFunc(pieces[first:], func(i, j int) int {
			if class == 0 {
				return l.deadline[i].Compare(l.deadline[j])
			}
			return l.priority[j] - l.priority[i]
		})
	}
	return pieces
}

// pickFrom picks blocks of a piece: those that are requested from nobody, or those that
// are requested from others if again is set.
func (l *Lowest) pickFrom(dst []swarm.Block, most, piece int, p swarm.Peer, again bool) []swarm.Block {
	for k := range l.blocks[piece] {
		b := &l.blocks[piece][k]
		isRequested := len(b.requests) > 0
		if len(dst) == most || b.pad || b.arrived || isRequested != again {
			continue
		}
		if len(b.requests) >= maxLowestRequests || slices.Contains(b.requests, p) {
			continue
		}
		b.requests = append(b.requests, p)
		l.begun[piece] = true
		dst = append(dst, l.geometry.Request(piece, k))
	}
	return dst
}

// isShared reports whether a peer other than p sends or sent blocks of a piece.
func (l *Lowest) isShared(piece int, p swarm.Peer) bool {
	isOther := func(q swarm.Peer) bool { return q != p }
	return slices.ContainsFunc(l.blocks[piece], func(b lowestBlock) bool {
		return (b.arrived && b.known && b.sender != p) || slices.ContainsFunc(b.requests, isOther)
	})
}

// anyFree reports whether a block that some peer has is missing and requested from nobody.
func (l *Lowest) anyFree() bool {
	for i := range l.blocks {
		if !l.isWanted(i) || !l.isOffered(i) {
			continue
		}
		for _, b := range l.blocks[i] {
			if !b.pad && !b.arrived && len(b.requests) == 0 {
				return true
			}
		}
	}
	return false
}

// isOffered reports whether some peer has a piece.
func (l *Lowest) isOffered(piece int) bool {
	for _, have := range l.peers {
		if have.Has(piece) {
			return true
		}
	}
	return false
}

// Drop ends the request for b from p.
func (l *Lowest) Drop(p swarm.Peer, b swarm.Block) {
	if s := l.at(b); s != nil {
		s.forget(p)
	}
}

// Arrive notes that p sent b.
func (l *Lowest) Arrive(dst []swarm.Peer, p swarm.Peer, b swarm.Block) (cancel []swarm.Peer, missing bool) {
	s := l.at(b)
	if s == nil || l.peers[p] == nil || s.arrived || l.held[b.Piece] {
		return dst, false
	}
	s.forget(p)
	dst = append(dst, s.requests...)
	*s = lowestBlock{arrived: true, sender: p, known: true}
	l.begun[b.Piece] = true
	return dst, true
}

// Held notes that a piece is held.
func (l *Lowest) Held(piece int) {
	l.held[piece], l.begun[piece] = true, true
	l.deadline[piece] = time.Time{}
	for k := range l.blocks[piece] {
		l.blocks[piece][k] = lowestBlock{arrived: true, pad: l.blocks[piece][k].pad}
	}
}

// Lose notes that blocks of a piece are missing again.
func (l *Lowest) Lose(piece int, blocks []int) {
	if blocks == nil {
		for k := range l.blocks[piece] {
			blocks = append(blocks, k)
		}
	}
	for _, k := range blocks {
		if k < 0 || k >= len(l.blocks[piece]) || l.blocks[piece][k].pad || !l.blocks[piece][k].arrived {
			continue
		}
		l.blocks[piece][k] = lowestBlock{}
		l.held[piece] = false
	}
}

// SetPriority sets how much a piece is wanted.
func (l *Lowest) SetPriority(piece, priority int) {
	if piece >= 0 && piece < len(l.priority) {
		l.priority[piece] = min(max(priority, 0), 7)
	}
}

// SetDeadline says when a piece is needed.
func (l *Lowest) SetDeadline(piece int, t time.Time) {
	if piece >= 0 && piece < len(l.deadline) && !l.held[piece] {
		l.deadline[piece] = t
	}
}

// SetSequential says whether pieces are begun by their index.
func (l *Lowest) SetSequential(on bool) {
	l.order = slices.Clone(l.own)
	if on {
		slices.Sort(l.order)
	}
}
