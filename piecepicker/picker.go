package piecepicker

import (
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A Config tunes a Picker. Its zero value is ready for use. It is read once.
type Config struct {
	// Queue chooses among the pieces that were begun. Nil means
	// FewestMissing.
	Queue Queue

	// EndGame chooses what is asked twice when all is asked. Nil means
	// Duplicates.
	EndGame EndGame

	// Seed makes the random choices. Zero means the time of the first Ask,
	// so that clients differ and pickers called alike do not.
	Seed uint64
}

// A Picker is a swarm.Prioritizer, mixed from an Order, a Queue and an EndGame.
// Its calls must not overlap. A torrent of more than 2^31-1 pieces is beyond it.
//
// A peer is asked for blocks in this sequence: of pieces with a deadline, the
// nearest first; of pieces that it suggests; of the piece that it sends already;
// of pieces that others began, as the Queue says; of a new piece, as the Order
// says; and in the end game of what others were asked for. A new piece of a
// higher priority goes before a begun one.
//
// While nothing is missing, or nobody ever asked, a Picker is three bits for each
// piece; else it is some twenty bytes for each, and what the pieces that were
// begun take: 24 bytes a block.
type Picker struct {
	geometry swarm.Geometry
	queue    Queue
	endGame  EndGame
	order    Order
	seed     uint64

	board   Board
	held    *Set
	wanted  *Set // of a priority above 0, not held, and not all pad
	started bool // the order knows what is fresh

	peers   map[swarm.Peer]*peer
	fullSet *Set // shared by all peers that have every piece; nil until one does

	partialAt  []int32 // for each piece its place in parts and 1, or 0; nil while there are none
	partials   []*partial
	open       []*partial // wanted and with free blocks
	spare      []*partial // to use again
	candidates []candidate
	begun      uint64
	served     uint64

	// The generations grow when a piece joins the open, fresh or wanted ones;
	// a peer that found nothing need not look again before that.
	openGen, freshGen, wantedGen uint64

	deadlines deadlines
	origin    time.Time // of the picker's time: the first that it was told
}

// New returns a Picker that begins the rarest pieces first.
func New(g swarm.Geometry) *Picker { return NewRarest(g, Config{}) }

// NewRarest returns a Picker that begins the rarest pieces first.
func NewRarest(g swarm.Geometry, c Config) *Picker { return Mix(g, new(Rarest), c) }

// NewSequential returns a Picker that begins pieces by their index.
func NewSequential(g swarm.Geometry, c Config) *Picker { return Mix(g, new(Sequential), c) }

// Mix returns a Picker that begins pieces in an order of the caller's choice,
// which then belongs to the Picker.
func Mix(g swarm.Geometry, order Order, c Config) *Picker {
	if c.Queue == nil {
		c.Queue = FewestMissing{}
	}
	if c.EndGame == nil {
		c.EndGame = Duplicates{}
	}
	n := g.Pieces()
	p := &Picker{
		geometry:  g,
		queue:     c.Queue,
		endGame:   c.EndGame,
		order:     order,
		seed:      c.Seed,
		held:      newSet(n),
		wanted:    newFullSet(n),
		peers:     make(map[swarm.Peer]*peer),
		openGen:   1,
		freshGen:  1,
		wantedGen: 1,
	}
	for _, s := range g.Pads {
		p.excludePad(s)
	}
	p.board = Board{pieces: n, fresh: p.wanted.clone()}
	p.board.countAskable(0, p.wanted.Len())
	p.board.freshByPriority[defaultPriority] = p.wanted.Len()
	return p
}

// excludePad makes the pieces that lie within one pad unwanted: nobody can be
// asked for them.
func (p *Picker) excludePad(pad swarm.Span) {
	g := p.geometry
	first := (max(pad.Offset, 0) + g.PieceLength - 1) / g.PieceLength
	for i := first; i < int64(g.Pieces()) && min((i+1)*g.PieceLength, g.Length) <= pad.End(); i++ {
		p.wanted.put(int(i), false)
	}
}

// allPad reports whether piece i is all pad.
func (p *Picker) allPad(i int) bool {
	for range p.geometry.Blocks(i) {
		return false
	}
	return true
}

// Availability returns how many of the peers that joined have a piece.
func (p *Picker) Availability(piece int) int {
	if piece < 0 || piece >= p.board.pieces {
		return 0
	}
	return p.board.Availability(piece)
}

// SetPriority sets how much a piece is wanted: 0 not at all, 4 as usual, 7 most.
// What was asked for stays asked.
func (p *Picker) SetPriority(piece, priority int) {
	if piece < 0 || piece >= p.board.pieces {
		return
	}
	priority = min(max(priority, 0), maxPriority)
	if p.board.Priority(piece) == priority {
		return
	}
	if p.board.priority == nil {
		p.board.priority = make([]uint8, p.board.pieces)
		for i := range p.board.priority {
			p.board.priority[i] = defaultPriority
		}
	}
	// The order is told the old priority first, then the new one.
	p.setFresh(piece, false)
	p.board.priority[piece] = uint8(priority)
	p.reindex(piece)
}

// SetDeadline says when a piece is needed; the zero time takes that back. A piece
// that is held has no deadline any more.
func (p *Picker) SetDeadline(piece int, t time.Time) {
	if piece < 0 || piece >= p.board.pieces || (p.held.Has(piece) && !t.IsZero()) {
		return
	}
	p.deadlines.set(piece, t)
}

// Held says that a piece is checked and written, also at the start.
func (p *Picker) Held(piece int) {
	if piece < 0 || piece >= p.board.pieces || !p.held.put(piece, true) {
		return
	}
	if t := p.partial(piece); t != nil {
		for n := range t.blocks {
			if t.blocks[n].state == requested {
				p.forgetRequests(nil, t, n, nil)
			}
		}
		p.removePartial(t)
	}
	p.deadlines.set(piece, time.Time{})
	p.reindex(piece)
}

// Lose says that blocks of a piece are missing once more, nil for all: it failed
// its check, or what we held cannot be read. Blocks that are asked stay asked.
func (p *Picker) Lose(piece int, blocks []int) {
	if piece < 0 || piece >= p.board.pieces {
		return
	}
	held := p.held.Has(piece)
	if held && blocks != nil && len(blocks) == 0 {
		return
	}
	p.held.put(piece, false)
	t := p.partial(piece)
	if t == nil && held && blocks != nil {
		t = p.addPartial(piece)
		for n := range t.blocks {
			if t.blocks[n].state == free {
				t.blocks[n].state = heldBefore
				t.free--
				t.missing--
			}
		}
	}
	if t != nil {
		if blocks == nil {
			for n := range t.blocks {
				t.lose(n)
			}
		}
		for _, n := range blocks {
			t.lose(n)
		}
		if held && t.missing == 0 {
			// No block of the piece was named after all.
			p.removePartial(t)
			p.held.put(piece, true)
		}
	}
	p.reindex(piece)
}

// lose makes block n missing once more, if there is such a block and it is here.
func (t *partial) lose(n int) {
	if n < 0 || n >= len(t.blocks) {
		return
	}
	if s := t.blocks[n].state; s != received && s != heldBefore {
		return
	}
	t.blocks[n] = block{}
	t.free++
	t.missing++
	t.freeFrom = min(t.freeFrom, int32(n))
}
