package pickertest

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A watch passes calls to a picker and to the model, and fails the test where
// the two differ. Where there is a twin, it is called alike and must answer alike.
type watch struct {
	t    testing.TB
	m    *model
	p    swarm.Picker
	twin swarm.Picker // or nil
}

func newWatch(t testing.TB, g swarm.Geometry, p, twin swarm.Picker) *watch {
	return &watch{t: t, m: newModel(g), p: p, twin: twin}
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
	w.interest("Join")
}

func (w *watch) have(p swarm.Peer, piece int, has bool) {
	w.t.Helper()
	w.each(func(k swarm.Picker) { k.Have(p, piece, has) })
	w.m.have(p, piece, has)
	w.interest("Have")
}

func (w *watch) leave(p swarm.Peer) {
	w.t.Helper()
	w.each(func(k swarm.Picker) { k.Leave(p) })
	w.m.leave(p)
	w.interest("Leave")
}

func (w *watch) drop(p swarm.Peer, b swarm.Block) {
	w.t.Helper()
	w.each(func(k swarm.Picker) { k.Drop(p, b) })
	w.m.drop(p, b)
	w.interest("Drop")
}

func (w *watch) held(piece int) {
	w.t.Helper()
	w.each(func(k swarm.Picker) { k.Held(piece) })
	w.m.hold(piece)
	w.interest("Held")
}

func (w *watch) lose(piece int, blocks []int) {
	w.t.Helper()
	w.each(func(k swarm.Picker) { k.Lose(piece, slices.Clone(blocks)) })
	w.m.lose(piece, blocks)
	w.interest("Lose")
}

func (w *watch) setPriority(piece, priority int) {
	w.t.Helper()
	w.each(func(k swarm.Picker) { k.(swarm.Prioritizer).SetPriority(piece, priority) })
	w.m.priority[piece] = priority
	w.interest("SetPriority")
}

func (w *watch) setDeadline(piece int, t time.Time) {
	w.t.Helper()
	w.each(func(k swarm.Picker) { k.(swarm.Prioritizer).SetDeadline(piece, t) })
	w.m.urgent[piece] = true
	w.interest("SetDeadline")
}

// arrive returns who may be told to cancel, sorted, and whether b was missing.
func (w *watch) arrive(p swarm.Peer, b swarm.Block) ([]swarm.Peer, bool) {
	w.t.Helper()
	before := []swarm.Peer{1 << 40}
	got, missing := w.p.Arrive(before, p, b)
	if len(got) == 0 || got[0] != before[0] {
		w.t.Fatalf("Arrive appends to dst, but what was in it is gone: %v", got)
	}
	if w.twin != nil {
		other, also := w.twin.Arrive(before, p, b)
		if also != missing || !slices.Equal(other, got) {
			w.t.Fatalf("pickers made alike and called alike answer alike: Arrive(%d, %v) = %v, %v and %v, %v", p, b, got, missing, other, also)
		}
	}
	got = slices.Clone(got[1:])
	slices.Sort(got)
	losers, want := w.m.arrive(p, b)
	if missing != want {
		w.t.Fatalf("Arrive reports whether the block was still missing: got %v for %v from peer %d, want %v", missing, b, p, want)
	}
	if len(got) != len(losers) || len(slices.Compact(slices.Clone(got))) != len(got) {
		w.t.Fatalf("Arrive appends the other peers that were asked: got %v for %v from peer %d, want %v", got, b, p, losers)
	}
	for _, q := range got {
		if !losers[q] {
			w.t.Fatalf("Arrive appends the other peers that were asked: got %v for %v from peer %d, want %v", got, b, p, losers)
		}
	}
	w.interest("Arrive")
	return got, missing
}

// pick returns what the picker picked, having checked all of it.
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
	_, offer := w.m.free(a.Peer, false)
	w.check(a, got)
	if len(got) == 0 && offer && a.MaxBlocks > 0 && a.MaxNewPieces >= w.m.g.Pieces() && a.Only == nil && !a.Exclusive {
		w.t.Fatalf("Pick asks peer %d for nothing, though it has wanted blocks that no one is asked for", a.Peer)
	}
	w.interest("Pick")
	return got
}

// check checks picked blocks one by one, and counts them as asked.
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
			w.t.Fatalf("Pick asks peer %d, which is unknown, for %v", a.Peer, b)
		case s == nil:
			w.t.Fatalf("Pick asks for %v, which is no block of the torrent, or all pad", b)
		case !m.peers[a.Peer][b.Piece]:
			w.t.Fatalf("Pick asks peer %d for %v, a piece that it does not have", a.Peer, b)
		case m.held[b.Piece]:
			w.t.Fatalf("Pick asks for %v, of a piece that is held", b)
		case !m.wanted(b.Piece):
			w.t.Fatalf("Pick asks for %v, of a piece that is not wanted", b)
		case s.here:
			w.t.Fatalf("Pick asks for %v, which has arrived", b)
		case s.asked[a.Peer]:
			w.t.Fatalf("Pick asks peer %d for %v a second time", a.Peer, b)
		case a.Only != nil && !slices.Contains(a.Only, b.Piece):
			w.t.Fatalf("Ask.Only: %v is not of pieces %v", b, a.Only)
		}
		if len(s.asked) > 0 && !m.urgent[b.Piece] {
			if other, ok := m.free(a.Peer, true); ok {
				w.t.Fatalf("Pick asks peer %d for %v, which others are asked for, though no one is asked for %v: this is not the end game", a.Peer, b, other)
			}
		}
		if a.Exclusive {
			if other, ok := m.shared(b.Piece, a.Peer); ok {
				w.t.Fatalf("Ask.Exclusive: peer %d is asked for %v, but peer %d sends or sent blocks of that piece", a.Peer, b, other)
			}
		}
		if !m.touched[b.Piece] {
			m.touched[b.Piece] = true
			begun++
		}
		s.asked[a.Peer] = true
	}
	if begun > max(a.MaxNewPieces, 0) {
		w.t.Fatalf("Ask.MaxNewPieces: at most %d pieces of which nothing was asked yet, got %d", a.MaxNewPieces, begun)
	}
}

// interest compares Wants with the model for each peer, after a call.
func (w *watch) interest(after string) {
	w.t.Helper()
	for p := range w.m.peers {
		if got, want := w.p.Wants(p), w.m.wants(p); got != want {
			w.t.Fatalf("Wants reports whether a peer has a piece that is wanted and not held: got %v for peer %d after %s, want %v", got, p, after, want)
		}
	}
	if w.p.Wants(stranger) {
		w.t.Fatalf("Wants is true for an unknown peer after %s", after)
	}
}

// stranger never joins.
const stranger swarm.Peer = 1 << 50

// finish downloads what is left from a seed that joins now. When all has arrived
// and is held, nothing may be wanted.
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
			if m.blocks[b].asked[seed] {
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
			w.t.Fatal("blocks are lost: a seed is wanted, but asked for nothing")
		}
	}
	if got := w.p.Pick(nil, swarm.Ask{Peer: seed, MaxBlocks: 1, MaxNewPieces: 1}); len(got) > 0 {
		w.t.Fatalf("Pick asks for %v, though all is held", got)
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
