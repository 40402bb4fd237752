package pickertest

import (
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

func pickBlocks(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	for _, n := range []int{0, -1, 1, 3} {
		if got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: n, MaxNewPieces: 1000}); len(got) != max(n, 0) {
			t.Errorf("Ask.MaxBlocks: asked for %d blocks of a seed, got %v", n, got)
		}
	}
}

func pickCounts(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.join(2, full(w.m.g))
	all := make(map[swarm.Block]bool)
	for i := range len(w.m.all) {
		got := w.pick(swarm.Ask{Peer: swarm.Peer(1 + i%2), MaxBlocks: 1, MaxNewPieces: 1})
		if len(got) != 1 {
			t.Fatalf("Pick: %d of %d blocks were asked, and a seed is asked for nothing", i, len(w.m.all))
		}
		if all[got[0]] {
			t.Fatalf("Pick counts blocks as asked, but %v was picked twice", got[0])
		}
		all[got[0]] = true
	}
}

func pickHas(t testing.TB, w *watch) {
	for i := range 5 {
		w.join(swarm.Peer(i), some(w.m.g, i, i+1))
	}
	for i := range 5 {
		w.pick(swarm.Ask{Peer: swarm.Peer(i), MaxBlocks: 5, MaxNewPieces: 2})
	}
}

func pickAll(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	if got := w.pick(everything(1)); len(got) != len(w.m.all) {
		t.Errorf("a seed is asked for each block once: got %d of %d", len(got), len(w.m.all))
	}
}

func pickBegin(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.join(2, full(w.m.g))
	if got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 1000}); len(got) > 0 {
		t.Errorf("Ask.MaxNewPieces is 0 and nothing was asked yet, but Pick returned %v", got)
	}
	got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 1, MaxNewPieces: 1})
	if len(got) != 1 {
		t.Fatal("Ask.MaxNewPieces is 1: Pick returned nothing")
	}
	// A piece that was begun may be picked from without beginning another.
	rest := w.pick(swarm.Ask{Peer: 2, MaxBlocks: 1000})
	if len(rest) != w.m.g.BlockCount(got[0].Piece)-1 {
		t.Errorf("Ask.MaxNewPieces is 0: of the piece that was begun with %v, %d blocks are left, got %v", got[0], w.m.g.BlockCount(got[0].Piece)-1, rest)
	}
}

func pickOnly(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.held(3)
	w.held(5)
	got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 1000, MaxNewPieces: 1000, Only: []int{2, 3, 4}})
	if len(got) != 8 {
		t.Errorf("Ask.Only pieces 2, 3 and 4, of which 3 is held: want the 8 blocks of 2 and 4, got %v", got)
	}
}

func pickOnlyNothing(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	if got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 1000, MaxNewPieces: 1000, Only: []int{}}); len(got) > 0 {
		t.Errorf("Ask.Only is empty but not nil: want nothing, got %v", got)
	}
}

func pickFirst(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.join(2, some(w.m.g, 0, 1))
	w.held(1)
	got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 8, MaxNewPieces: 1000, First: []int{3, 1, 2}})
	if len(got) != 8 {
		t.Fatalf("Ask.First: want 8 blocks, got %v", got)
	}
	for _, b := range got {
		if b.Piece != 2 && b.Piece != 3 {
			t.Errorf("Ask.First pieces 3, 1 and 2, of which 1 is held: want all of 2 and 3 before %v", b)
		}
	}
	w.pick(swarm.Ask{Peer: 2, MaxBlocks: 8, MaxNewPieces: 1000, First: []int{4, 5}}) // which it does not have
}

func pickAlone(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.join(2, full(w.m.g))
	got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 2, MaxNewPieces: 1})
	alone := w.pick(swarm.Ask{Peer: 2, MaxBlocks: 1000, MaxNewPieces: 1, Exclusive: true})
	if len(alone) == 0 {
		t.Fatal("Ask.Exclusive: there are untouched pieces, got nothing")
	}
	for _, b := range alone {
		if b.Piece == got[0].Piece {
			t.Errorf("Ask.Exclusive: %v is of a piece that another peer is asked for", b)
		}
	}
	if more := w.pick(swarm.Ask{Peer: 2, MaxBlocks: 1000, Exclusive: true}); len(more) > 0 {
		t.Errorf("Ask.Exclusive and no piece to begin: want nothing, got %v", more)
	}
}

func pickAloneSent(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.join(2, full(w.m.g))
	got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 2, MaxNewPieces: 1})
	w.arrive(1, got[0])
	w.drop(1, got[1])
	for _, b := range w.pick(swarm.Ask{Peer: 2, MaxBlocks: 1000, MaxNewPieces: 1000, Exclusive: true}) {
		if b.Piece == got[0].Piece {
			t.Errorf("Ask.Exclusive: %v is of a piece of which another peer sent a block", b)
		}
	}
}

func pickRun(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.pick(swarm.Ask{Peer: 1, MaxBlocks: 2, MaxNewPieces: 1})
	w.join(2, full(w.m.g))
	left := len(w.m.all) - 2
	if got := w.pick(swarm.Ask{Peer: 2, MaxBlocks: left, MaxNewPieces: 1000, RunLength: 4}); len(got) != left {
		t.Errorf("Ask.RunLength is no reason to leave blocks out: want %d, got %d", left, len(got))
	}
}
