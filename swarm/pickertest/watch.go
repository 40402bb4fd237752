package pickertest

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A watch passes calls to a picker and to the model, and fails the test if the two
// differ. If there is a twin, it is called alike and must answer alike.
type watch struct {
	t    testing.TB
	m    *model
	p    swarm.Picker
	twin swarm.Picker // or nil
}

func newWatch(t testing.TB, g swarm.Geometry, p, twin swarm.Picker) *watch {
	w := &watch{t: t, m: newModel(g), p: p, twin: twin}
	for i := range g.Pieces() {
		// The engine calls Held for a piece that is all pad.
		if w.m.complete(i) {
			w.held(i)
		}
	}
	return w
}

// each calls f with the picker, and with its twin.
func (w *watch) each(f func(swarm.Picker)) {
	f(w.p)
	if w.twin != nil {
		f(w.twin)
	}
}

func (w *watch) join(p swarm.Peer, have swarm.Bitfield) {
	w.t.Helper()
	w.each(func(k swarm.Picker) { k.Join(p, have.Clone()) })
	w.m.join(p, have)
	w.compare("Join")
}

func (w *watch) have(p swarm.Peer, piece int, has bool) {
	w.t.Helper()
	w.each(func(k swarm.Picker) { k.Have(p, piece, has) })
	w.m.have(p, piece, has)
	w.compare("Have")
}

func (w *watch) leave(p swarm.Peer) {
	w.t.Helper()
	w.each(func(k swarm.Picker) { k.Leave(p) })
	w.m.leave(p)
	w.compare("Leave")
}

func (w *watch) drop(p swarm.Peer, b swarm.Block) {
	w.t.Helper()
	w.each(func(k swarm.Picker) { k.Drop(p, b) })
	w.m.drop(p, b)
	w.compare("Drop")
}

func (w *watch) held(piece int) {
	w.t.Helper()
	w.each(func(k swarm.Picker) { k.Held(piece) })
	w.m.hold(piece)
	w.compare("Held")
}

func (w *watch) lose(piece int, blocks []int) {
	w.t.Helper()
	w.each(func(k swarm.Picker) { k.Lose(piece, slices.Clone(blocks)) })
	w.m.lose(piece, blocks)
	w.compare("Lose")
}

func (w *watch) setPriority(piece, priority int) {
	w.t.Helper()
	w.each(func(k swarm.Picker) { k.(swarm.Prioritizer).SetPriority(piece, priority) })
	w.m.priority[piece] = priority
	w.compare("SetPriority")
}

func (w *watch) setDeadline(piece int, t time.Time) {
	w.t.Helper()
	w.each(func(k swarm.Picker) { k.(swarm.Prioritizer).SetDeadline(piece, t) })
	w.m.hadDeadline[piece] = true
	w.compare("SetDeadline")
}

// arrive returns the other peers from which b is requested, sorted, and whether b was
// missing.
func (w *watch) arrive(p swarm.Peer, b swarm.Block) ([]swarm.Peer, bool) {
	w.t.Helper()
	before := []swarm.Peer{1 << 40}
	got, missing := w.p.Arrive(before, p, b)
	if len(got) == 0 || got[0] != before[0] {
		w.t.Fatalf("Arrive appends to dst, but what was in it is gone: %v", got)
	}
	if w.twin != nil {
		other, too := w.twin.Arrive(before, p, b)
		if too != missing || !slices.Equal(other, got) {
			w.t.Fatalf("pickers made alike and called alike answer alike: Arrive(%d, %v) = %v, %v and %v, %v", p, b, got, missing, other, too)
		}
	}
	got = slices.Clone(got[1:])
	slices.Sort(got)
	others, want := w.m.arrive(p, b)
	if missing != want {
		w.t.Fatalf("Arrive reports whether the block was still missing: got %v for %v from peer %d, want %v", missing, b, p, want)
	}
	if len(got) != len(others) || len(slices.Compact(slices.Clone(got))) != len(got) {
		w.t.Fatalf("Arrive appends the other peers from which the block is requested: got %v for %v from peer %d, want %v", got, b, p, others)
	}
	for _, q := range got {
		if !others[q] {
			w.t.Fatalf("Arrive appends the other peers from which the block is requested: got %v for %v from peer %d, want %v", got, b, p, others)
		}
	}
	w.compare("Arrive")
	return got, missing
}

// pick returns the blocks that the picker picked, and checks each of them.
func (w *watch) pick(a swarm.Ask) []swarm.Block {
	w.t.Helper()
	before := swarm.Block{Piece: -1}
	got := w.p.Pick([]swarm.Block{before}, a)
	if len(got) == 0 || got[0] != before {
		w.t.Fatalf("Pick appends to dst, but what was in it is gone: %v", got)
	}
	got = got[1:]
	if w.twin != nil {
		if other := w.twin.Pick(nil, a); !slices.Equal(other, got) {
			w.t.Fatalf("pickers made alike and called alike answer alike: Pick(%+v) = %v and %v", a, got, other)
		}
	}
	atLeast := w.m.leastFor(a)
	w.check(a, got)
	unlimited := a.MaxNewPieces >= w.m.g.Pieces() && !a.Exclusive
	if unlimited && len(got) < atLeast {
		w.t.Fatalf("Pick returns MaxBlocks blocks if as many are requested from nobody: got %d of %d from peer %d", len(got), atLeast, a.Peer)
	}
	w.compare("Pick")
	return got
}

// check checks picked blocks one by one, and counts them as requested.
func (w *watch) check(a swarm.Ask, got []swarm.Block) {
	w.t.Helper()
	m := w.m
	if len(got) > max(a.MaxBlocks, 0) {
		w.t.Fatalf("Ask.MaxBlocks: at most %d blocks, got %d", a.MaxBlocks, len(got))
	}
	begun := 0
	for _, b := range got {
		s := m.blocks[b]
		switch {
		case m.peers[a.Peer] == nil:
			w.t.Fatalf("Pick returns %[2]v for peer %[1]d, which is unknown", a.Peer, b)
		case s == nil:
			w.t.Fatalf("Pick returns %v, which is no block of the torrent, is all pad, or has the pad at its end", b)
		case !m.peers[a.Peer][b.Piece]:
			w.t.Fatalf("Pick returns for peer %d %v, of a piece that it does not have", a.Peer, b)
		case m.held[b.Piece]:
			w.t.Fatalf("Pick returns %v, of a piece that is held", b)
		case !m.wanted(b.Piece):
			w.t.Fatalf("Pick returns %v, of a piece that is not wanted", b)
		case s.arrived:
			w.t.Fatalf("Pick returns %v, which has arrived", b)
		case s.requests[a.Peer]:
			w.t.Fatalf("Pick returns for peer %d %v a second time", a.Peer, b)
		case a.Only != nil && !slices.Contains(a.Only, b.Piece):
			w.t.Fatalf("Ask.Only: %v is not of pieces %v", b, a.Only)
		}
		if len(s.requests) > 0 && !m.hadDeadline[b.Piece] {
			if other, ok := m.anyFree(); ok {
				w.t.Fatalf("Pick returns for peer %d %v, which is requested from others, while %v is requested from nobody: this is not the end game", a.Peer, b, other)
			}
		}
		if a.Exclusive {
			if other, ok := m.shared(b.Piece, a.Peer); ok {
				w.t.Fatalf("Ask.Exclusive: Pick returns for peer %d %v, but peer %d sends or sent blocks of that piece", a.Peer, b, other)
			}
		}
		if !m.begun[b.Piece] {
			m.begun[b.Piece] = true
			begun++
		}
		s.requests[a.Peer] = true
	}
	if begun > max(a.MaxNewPieces, 0) {
		w.t.Fatalf("Ask.MaxNewPieces: at most %d pieces may be begun, got %d", a.MaxNewPieces, begun)
	}
}

// compare compares Wants for each peer, and EndGame, with the model after a call.
func (w *watch) compare(after string) {
	w.t.Helper()
	for p := range w.m.peers {
		if got, want := w.p.Wants(p), w.m.wants(p); got != want {
			w.t.Fatalf("Wants reports whether a peer has a piece that is wanted and not held: got %v for peer %d after %s, want %v", got, p, after, want)
		}
	}
	if w.p.Wants(stranger) {
		w.t.Fatalf("Wants is true for an unknown peer after %s", after)
	}
	if e, ok := w.p.(swarm.EndGamer); ok {
		if got, want := e.EndGame(), w.m.endGame(); got != want {
			w.t.Fatalf("EndGame is true while a block of a wanted piece is requested, and every other missing one is requested too or no peer has it: got %v after %s, want %v", got, after, want)
		}
	}
}

// stranger never joins.
const stranger swarm.Peer = 1 << 50

// finish downloads what is left from a seed that joins now. When every piece is held,
// nothing may be wanted.
func (w *watch) finish() {
	w.t.Helper()
	const seed swarm.Peer = 1 << 30
	m := w.m
	w.join(seed, full(m.g))
	if _, ok := w.p.(swarm.Prioritizer); ok {
		for piece := range m.g.Pieces() {
			if priority, set := m.priority[piece]; set && priority == 0 {
				w.setPriority(piece, 1)
			}
		}
	}
	for _, p := range slices.Sorted(maps.Keys(m.peers)) {
		if p != seed {
			w.leave(p)
		}
	}
	for m.wants(seed) {
		got := w.pick(swarm.Ask{Peer: seed, MaxBlocks: len(m.blocks), MaxNewPieces: m.g.Pieces()})
		arrived := len(got) > 0
		for _, b := range m.all {
			if m.blocks[b].requests[seed] {
				w.arrive(seed, b)
				arrived = true
			}
		}
		held := false
		for i := range m.g.Pieces() {
			if !m.held[i] && m.complete(i) {
				w.held(i)
				held = true
			}
		}
		if !arrived && !held {
			w.t.Fatal("Wants is true for a seed, but Pick returns nothing and no request is open: the picker lost track of blocks")
		}
	}
	if got := w.p.Pick(nil, swarm.Ask{Peer: seed, MaxBlocks: 1, MaxNewPieces: 1}); len(got) > 0 {
		w.t.Fatalf("Pick returns %v, though every piece is held", got)
	}
}

// full returns the set of all pieces.
func full(g swarm.Geometry) swarm.Bitfield {
	b := swarm.NewBitfield(g.Pieces())
	b.SetAll(g.Pieces())
	return b
}

// some returns a set of pieces.
func some(g swarm.Geometry, pieces ...int) swarm.Bitfield {
	b := swarm.NewBitfield(g.Pieces())
	for _, i := range pieces {
		b.Set(i)
	}
	return b
}
