package pickertest

import (
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

func pickMaxBlocks(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	for _, n := range []int{0, -1, 1, 3} {
		if got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: n, MaxNewPieces: 1000}); len(got) != max(n, 0) {
			t.Errorf("Ask.MaxBlocks: want %d blocks for a seed, got %v", n, got)
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
			t.Fatalf("Pick: %d of %d blocks are requested, and it returns none for a seed", i, len(w.m.all))
		}
		if all[got[0]] {
			t.Fatalf("Pick counts blocks as requested, but returned %v twice", got[0])
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
		t.Errorf("Pick returns every block once for a seed: got %d of %d", len(got), len(w.m.all))
	}
}

func pickMaxNewPieces(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.join(2, full(w.m.g))
	if got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 1000}); len(got) > 0 {
		t.Errorf("Ask.MaxNewPieces is 0 and no piece is begun: want nothing, got %v", got)
	}
	got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 1, MaxNewPieces: 1})
	if len(got) != 1 {
		t.Fatal("Ask.MaxNewPieces is 1: want one block, got none")
	}
	// A piece that is begun does not count, whichever peer began it.
	rest := w.pick(swarm.Ask{Peer: 2, MaxBlocks: 1000})
	if len(rest) != w.m.g.BlockCount(got[0].Piece)-1 {
		t.Errorf("Ask.MaxNewPieces is 0: of the piece that was begun with %v want the other %d blocks, got %v", got[0], w.m.g.BlockCount(got[0].Piece)-1, rest)
	}
}

func pickOnly(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.held(3)
	w.held(5)
	got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 1000, MaxNewPieces: 1000, Only: []int{2, 3, 4}})
	if len(got) != 8 {
		t.Errorf("Ask.Only names pieces 2, 3 and 4, of which 3 is held: want the 8 blocks of 2 and 4, got %v", got)
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
			t.Errorf("Ask.First names pieces 3, 1 and 2, of which 1 is held: want all of 2 and 3 before %v", b)
		}
	}
	w.pick(swarm.Ask{Peer: 2, MaxBlocks: 8, MaxNewPieces: 1000, First: []int{4, 5}}) // it has neither
}

func pickExclusive(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.join(2, full(w.m.g))
	got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 2, MaxNewPieces: 1})
	exclusive := w.pick(swarm.Ask{Peer: 2, MaxBlocks: 1000, MaxNewPieces: 1, Exclusive: true})
	if len(exclusive) == 0 {
		t.Fatal("Ask.Exclusive: want blocks of pieces that are not begun, got none")
	}
	for _, b := range exclusive {
		if b.Piece == got[0].Piece {
			t.Errorf("Ask.Exclusive: %v is of a piece that another peer sends", b)
		}
	}
	if more := w.pick(swarm.Ask{Peer: 2, MaxBlocks: 1000, Exclusive: true}); len(more) > 0 {
		t.Errorf("Ask.Exclusive, and MaxNewPieces is 0: want nothing, got %v", more)
	}
}

func pickExclusiveSent(t testing.TB, w *watch) {
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

func pickListsOutside(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	outside := []int{-1, 600, 6}
	if got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 1000, MaxNewPieces: 1000, Only: outside}); len(got) > 0 {
		t.Errorf("Ask.Only names no piece of the torrent: want nothing, got %v", got)
	}
	got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 4, MaxNewPieces: 1, First: append(outside, 3)})
	if len(got) != 4 || got[0].Piece != 3 {
		t.Errorf("Ask.First names piece 3 and no other piece of the torrent: want its 4 blocks, got %v", got)
	}
}

func pickRunLength(t testing.TB, w *watch) {
	preference(t, w, swarm.Ask{RunLength: 4})
}

func pickSpread(t testing.TB, w *watch) {
	preference(t, w, swarm.Ask{Spread: 3})
}

// preference picks with a, which must not make Pick return fewer blocks.
func preference(t testing.TB, w *watch, a swarm.Ask) {
	w.join(1, full(w.m.g))
	w.pick(swarm.Ask{Peer: 1, MaxBlocks: 2, MaxNewPieces: 1})
	w.join(2, full(w.m.g))
	left := len(w.m.all) - 2
	a.Peer, a.MaxBlocks, a.MaxNewPieces = 2, left, 1000
	if got := w.pick(a); len(got) != left {
		t.Errorf("Ask.RunLength and Ask.Spread must not make Pick return fewer blocks: want %d, got %d", left, len(got))
	}
}
