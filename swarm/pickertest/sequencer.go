package pickertest

import (
	"slices"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

func (w *watch) setSequential(on bool) {
	w.t.Helper()
	w.each(func(k swarm.Picker) { k.(swarm.Sequencer).SetSequential(on) })
	w.compare("SetSequential")
}

// beginNext picks one block for a peer with MaxNewPieces 1 until n pieces were begun, and
// returns them in that order.
func beginNext(t testing.TB, w *watch, p swarm.Peer, n int) (order []int) {
	t.Helper()
	for calls := 0; len(order) < n; calls++ {
		got := w.pick(swarm.Ask{Peer: p, MaxBlocks: 1, MaxNewPieces: 1})
		if len(got) != 1 || calls > len(w.m.all) {
			t.Fatalf("Pick: %d pieces were begun, and no other for a seed: got %v", len(order), got)
		}
		if !slices.Contains(order, got[0].Piece) {
			order = append(order, got[0].Piece)
		}
	}
	return order
}

func sequentialFirst(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.join(2, some(w.m.g, 0, 1, 2)) // the others are rarer
	w.setSequential(true)
	w.setSequential(true)
	if got := beginNext(t, w, 1, 6); !slices.IsSorted(got) {
		t.Errorf("SetSequential: of pieces that are not begun, those of a lower index come first: got %v", got)
	}
}

func sequentialLater(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	begun := beginNext(t, w, 1, 2)
	w.setSequential(true)
	want := []int{0, 1, 2, 3, 4, 5}
	if _, ok := w.p.(swarm.Prioritizer); ok && !slices.Contains(begun, 5) {
		w.setPriority(5, 7)
		want = []int{5, 0, 1, 2, 3, 4}
	}
	isBegun := func(i int) bool { return slices.Contains(begun, i) }
	got := slices.DeleteFunc(beginNext(t, w, 1, 5), isBegun)
	want = slices.DeleteFunc(want, isBegun)[:len(got)]
	if !slices.Equal(got, want) {
		t.Errorf("SetSequential after %v were begun: the highest priority comes first, then the lowest index: got %v, want %v", begun, got, want)
	}
}

func sequentialBegun(t testing.TB, w *watch) {
	w.join(1, some(w.m.g, 3))
	w.join(2, full(w.m.g))
	w.pick(swarm.Ask{Peer: 1, MaxBlocks: 1, MaxNewPieces: 1})
	w.setSequential(true)
	if got := w.pick(swarm.Ask{Peer: 2, MaxBlocks: 4, MaxNewPieces: 1}); len(got) != 4 || got[0].Piece != 3 || got[3].Piece != 0 {
		t.Errorf("SetSequential: piece 3 is begun, so it comes before piece 0: got %v", got)
	}
}

func sequentialOff(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.setSequential(true)
	first := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 5, MaxNewPieces: 2})
	w.setSequential(false)
	w.setSequential(false)
	rest := w.pick(everything(1))
	if len(first)+len(rest) != len(w.m.all) {
		t.Errorf("SetSequential false: %d blocks were picked before and %d after, want all %d", len(first), len(rest), len(w.m.all))
	}
}
