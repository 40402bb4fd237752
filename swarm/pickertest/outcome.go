package pickertest

import (
	"slices"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

func dropFrees(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.join(2, full(w.m.g))
	got := w.pick(everything(1))
	w.drop(1, got[7])
	w.drop(1, got[7])
	if again := w.pick(swarm.Ask{Peer: 2, MaxBlocks: 1, MaxNewPieces: 1}); len(again) != 1 || again[0] != got[7] {
		t.Errorf("Drop: %v was requested from this peer alone and becomes free: want it for another peer, got %v", got[7], again)
	}
	for _, b := range got {
		w.drop(1, b)
	}
	w.drop(2, got[7])
	if again := w.pick(everything(2)); len(again) != len(got) {
		t.Errorf("Drop: %d blocks become free: want all for another peer, got %d", len(got), len(again))
	}
}

func dropOther(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.join(2, full(w.m.g))
	got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 3, MaxNewPieces: 1})
	w.drop(2, got[0])                                                    // requested from another
	w.drop(1, swarm.Block{Piece: 0, Begin: 1, Length: 5})                // no block
	w.drop(1, swarm.Block{Piece: 5, Begin: 3 << 14, Length: 1 << 14})    // past the end of its piece
	w.drop(1, swarm.Block{Piece: 600, Begin: 0, Length: swarm.BlockLen}) // past the end of the torrent
	w.arrive(1, got[1])
	w.drop(1, got[1]) // has arrived
	for _, b := range w.pick(swarm.Ask{Peer: 2, MaxBlocks: len(w.m.all) - len(got), MaxNewPieces: 1000}) {
		if slices.Contains(got, b) {
			t.Errorf("Drop of a block that was not requested from the peer made %v free", b)
		}
	}
}

func arriveOnce(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 1, MaxNewPieces: 1})
	if cancel, missing := w.arrive(1, got[0]); !missing || len(cancel) > 0 {
		t.Errorf("Arrive of a requested block: got %v, %v, want no other peer, and true", cancel, missing)
	}
	if _, missing := w.arrive(1, got[0]); missing {
		t.Error("Arrive of a block for the second time: it is no longer missing, want false")
	}
}

func arriveLate(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.join(2, full(w.m.g))
	got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 2, MaxNewPieces: 1})
	w.drop(1, got[0])
	w.drop(1, got[1])
	if _, missing := w.arrive(1, got[0]); !missing {
		t.Error("Arrive after Drop: the block is missing, want true")
	}
	if again := w.pick(swarm.Ask{Peer: 2, MaxBlocks: 1000, MaxNewPieces: 1000}); slices.Contains(again, got[0]) || !slices.Contains(again, got[1]) {
		t.Errorf("Arrive after Drop: %v came late, want only %v to be requested again", got[0], got[1])
	}
	// Now it is requested from peer 2, but peer 1 sends it.
	cancel, missing := w.arrive(1, got[1])
	if !missing || !slices.Equal(cancel, []swarm.Peer{2}) {
		t.Errorf("Arrive from peer 1 after its Drop, while peer 2 has a request: got %v, %v, want peer 2, and true", cancel, missing)
	}
}

func arriveUnrequested(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	b := w.m.g.Block(2, 1)
	if _, missing := w.arrive(1, b); !missing {
		t.Error("Arrive of a block that was requested from nobody: it was missing, want true")
	}
	if got := w.pick(everything(1)); slices.Contains(got, b) || len(got) != len(w.m.all)-1 {
		t.Errorf("Arrive of a block that was requested from nobody: want all but this block, got %d of %d", len(got), len(w.m.all)-1)
	}
}

func arriveHeld(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 4, MaxNewPieces: 1, Only: []int{1}})
	w.held(1)
	if _, missing := w.arrive(1, got[0]); missing {
		t.Error("Arrive of a block of a held piece: it is not missing, want false")
	}
}

func arriveBad(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.pick(swarm.Ask{Peer: 1, MaxBlocks: 2, MaxNewPieces: 1, Only: []int{0}})
	w.pick(swarm.Ask{Peer: 1, MaxBlocks: 1, MaxNewPieces: 1, Only: []int{5}})
	for _, b := range []swarm.Block{
		{Piece: 0, Begin: 0, Length: 100},
		{Piece: 0, Begin: 1, Length: swarm.BlockLen},
		{Piece: 0, Begin: -swarm.BlockLen, Length: swarm.BlockLen},
		{Piece: 0, Begin: 1 << 16, Length: swarm.BlockLen},
		{Piece: 5, Begin: 1 << 14, Length: swarm.BlockLen},
		{Piece: 6, Begin: 0, Length: swarm.BlockLen},
		{Piece: -1, Begin: 0, Length: swarm.BlockLen},
	} {
		if _, missing := w.arrive(1, b); missing {
			t.Errorf("Arrive of %v, which is no block of the torrent: want false", b)
		}
	}
}

func heldAtStart(t testing.TB, w *watch) {
	w.held(0)
	w.held(2)
	w.held(2)
	w.join(1, full(w.m.g))
	if got := w.pick(everything(1)); len(got) != len(w.m.all)-8 {
		t.Errorf("Held at the start: want all but the 8 held blocks, got %d of %d", len(got), len(w.m.all)-8)
	}
}

func heldForgets(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.pick(swarm.Ask{Peer: 1, MaxBlocks: 3, MaxNewPieces: 1, Only: []int{1}})
	w.held(1)
	w.lose(1, nil)
	if got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 9, MaxNewPieces: 1, Only: []int{1}}); len(got) != 4 {
		t.Errorf("Held ends the requests for a piece: after Lose, want its 4 blocks, got %v", got)
	}
}

func heldAll(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	for i := range w.m.g.Pieces() {
		w.held(i)
	}
	if w.p.Wants(1) {
		t.Error("Held: every piece is held, but Wants is true for a seed")
	}
	if got := w.pick(everything(1)); len(got) > 0 {
		t.Errorf("Held: every piece is held, but Pick returns %v", got)
	}
}

// arrived downloads piece i from peer 1.
func arrived(w *watch, i int) {
	for _, b := range w.pick(swarm.Ask{Peer: 1, MaxBlocks: 1000, MaxNewPieces: 1, Only: []int{i}}) {
		w.arrive(1, b)
	}
}

func loseAll(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	arrived(w, 3)
	w.lose(3, nil)
	if got := w.pick(everything(1)); len(got) != len(w.m.all) {
		t.Errorf("Lose of all blocks of piece 3: want all %d, got %d", len(w.m.all), len(got))
	}
}

func loseSome(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	arrived(w, 3)
	w.lose(3, []int{2})
	if got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 9, Only: []int{3}}); len(got) != 1 || got[0] != w.m.g.Block(3, 2) {
		t.Errorf("Lose of block 2 of piece 3: want that block, got %v", got)
	}
}

func loseOther(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	arrived(w, 3)
	w.held(4)
	for _, piece := range []int{3, 4} {
		w.lose(piece, []int{-1, 4, 1 << 20})
	}
	if got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 9, MaxNewPieces: 2, Only: []int{3, 4}}); len(got) > 0 {
		t.Errorf("Lose of blocks that pieces 3 and 4 do not have: want nothing, got %v", got)
	}
}

func loseKeeps(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.join(2, full(w.m.g))
	got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 2, MaxNewPieces: 1, Only: []int{3}})
	w.arrive(1, got[0])
	w.lose(3, nil)
	if again := w.pick(swarm.Ask{Peer: 2, MaxBlocks: 3, MaxNewPieces: 1, Only: []int{3}}); slices.Contains(again, got[1]) || len(again) != 3 {
		t.Errorf("Lose of all blocks while %v is requested: want the other three, got %v", got[1], again)
	}
	if _, missing := w.arrive(1, got[1]); !missing {
		t.Error("Lose of all blocks while one is requested: that one arrives and was missing, want true")
	}
}

func loseHeld(t testing.TB, w *watch) {
	for i := range w.m.g.Pieces() {
		w.held(i)
	}
	w.join(1, some(w.m.g, 4))
	w.lose(4, nil)
	if got := w.pick(everything(1)); len(got) != 4 {
		t.Errorf("Lose of a held piece: want its 4 blocks, got %v", got)
	}
}

func loseSomeHeld(t testing.TB, w *watch) {
	for i := range w.m.g.Pieces() {
		w.held(i)
	}
	w.join(1, some(w.m.g, 4))
	w.lose(4, []int{3, 1})
	got := w.pick(everything(1))
	if len(got) != 2 || !slices.Contains(got, w.m.g.Block(4, 1)) || !slices.Contains(got, w.m.g.Block(4, 3)) {
		t.Errorf("Lose of blocks 1 and 3 of a held piece: want those, got %v", got)
	}
}
