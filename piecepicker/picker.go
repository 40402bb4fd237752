package piecepicker

import (
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A Config configures a Picker, which reads it once. The zero value is ready for use.
type Config struct {
	// Queue chooses among the pieces that are begun. Nil means FewestMissing.
	Queue Queue

	// EndGame chooses which blocks to request twice in the end game. Nil means
	// Duplicates.
	EndGame EndGame

	// Seed seeds the random choices. Zero means the time of the first Ask, so
	// that clients differ, but pickers that are called alike do not.
	Seed uint64
}

// A Picker is a swarm.Prioritizer, a swarm.Sequencer and a swarm.EndGamer, mixed from an
// Order, a Queue and an EndGame. Its calls must not overlap. A torrent may have up to 2^31-1 pieces.
//
// Pick chooses blocks in this sequence: of pieces with a deadline, the nearest first, but for those
// that other peers bring sooner; of
// pieces that the peer suggests; of the piece that the peer already sends; of pieces that
// other peers began, as the Queue says; of new pieces, as the Order says; and in the end
// game blocks that are requested from other peers. A new piece of a higher priority comes
// before a piece that is begun.
//
// While nothing is missing, or before the first Pick, a Picker takes three bits for each
// piece; else about twenty bytes for each piece, and 24 bytes for each block of the
// pieces that are begun.
type Picker struct {
	geometry swarm.Geometry
	queue    Queue
	endGame  EndGame
	order    Order // own, or a Sequential
	own      Order // as in Mix
	seed     uint64

	board   Board
	held    *Set
	wanted  *Set // of a priority above 0, not held, and not all pad
	started bool // the order knows which pieces are fresh

	peers   map[swarm.Peer]*peer
	fullSet *Set // shared by all peers that have every piece; nil until there is one

	partialAt  []int32     // for each piece its index in partials plus 1, or 0; nil if there are no partials
	partials   []*partial  // the pieces that are begun
	open       []*partial  // those that are wanted and have free blocks
	spare      []*partial  // to use again
	candidates []candidate // of the last end game pick, to use again
	leaving    *Set        // of the last pick that left pieces for faster peers, to use again
	begun      uint64      // number of pieces begun so far
	served     uint64      // number of turns of sideBySide so far

	// Each generation grows when a piece becomes open, fresh or wanted. A peer
	// that had no such piece is not searched again before that.
	openGen, freshGen, wantedGen uint64

	deadlines deadlines
	origin    time.Time // the time of the first Ask, from which the picker counts
}

// New returns a Picker that begins the rarest pieces first.
func New(g swarm.Geometry) *Picker { return NewRarest(g, Config{}) }

// NewRarest returns a Picker that begins the rarest pieces first.
func NewRarest(g swarm.Geometry, c Config) *Picker { return Mix(g, new(Rarest), c) }

// NewSequential returns a Picker that begins pieces by their index.
func NewSequential(g swarm.Geometry, c Config) *Picker { return Mix(g, new(Sequential), c) }

// Mix returns a Picker that begins pieces in the given order, which then belongs to the
// Picker.
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
		own:       order,
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

// excludePad makes the pieces inside one pad unwanted, because nothing of them can be
// requested.
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

// Availability returns how many of the peers that joined have a piece; 0 if there is no
// such piece.
func (p *Picker) Availability(piece int) int {
	if piece < 0 || piece >= p.board.pieces {
		return 0
	}
	return p.board.Availability(piece)
}

// SetPriority sets how much a piece is wanted, from 0, not at all, to 7, most; 4 is the
// default. Other values count as the nearest of these. Requests stay.
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
	// The order must remove the piece at its old priority, then add it at the new one.
	p.setFresh(piece, false)
	p.board.priority[piece] = uint8(priority)
	p.reindex(piece)
}

// SetSequential says whether pieces of the same priority are begun by their index, or in the
// order that the picker was made with. The next Pick enters all fresh pieces into the order,
// so a change costs nothing until then.
func (p *Picker) SetSequential(on bool) {
	_, isOn := p.order.(*Sequential)
	order := p.own
	if on && isOn {
		return
	}
	if on {
		order = new(Sequential)
	}
	if order == p.order {
		return
	}
	p.order.Start(&p.board) // releases its memory
	p.order, p.started = order, false
	p.freshGen++ // the other order may have something for a peer that had nothing
}

// SetDeadline says when a piece is needed; the zero time takes that back. A piece loses
// its deadline when it is held.
func (p *Picker) SetDeadline(piece int, t time.Time) {
	if piece < 0 || piece >= p.board.pieces || (p.held.Has(piece) && !t.IsZero()) {
		return
	}
	p.deadlines.set(piece, t)
}

// Held says that a piece is checked and written, or was found in the storage at the
// start. It ends every request for the piece.
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

// Lose says that blocks of a piece are missing again, nil for all, because the piece
// failed its check or cannot be read. Requests stay.
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
			// blocks named no block of the piece.
			p.removePartial(t)
			p.held.put(piece, true)
		}
	}
	p.reindex(piece)
}

// lose makes block n missing again, if there is such a block and it was received or held.
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
