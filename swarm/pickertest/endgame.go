package pickertest

import (
	"slices"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

// lastBlocks leaves pieces 0 and 5 to download. Peer 1 is asked for their six
// blocks, none is left; peers 2 and 3 are seeds and idle.
func lastBlocks(w *watch) []swarm.Block {
	for i := 1; i < 5; i++ {
		w.held(i)
	}
	w.join(1, full(w.m.g))
	w.join(2, full(w.m.g))
	w.join(3, full(w.m.g))
	return w.pick(everything(1))
}

func endGameNotBefore(t testing.TB, w *watch) {
	w.join(1, some(w.m.g, 0))
	w.join(2, some(w.m.g, 0))
	w.join(3, some(w.m.g, 1))
	w.pick(everything(1))
	// Nobody was asked for piece 1.
	if got := w.pick(everything(2)); len(got) > 0 {
		t.Errorf("blocks that no one is asked for are left, but %v are asked of a second peer", got)
	}
}

func endGameOnce(t testing.TB, w *watch) {
	got := lastBlocks(w)
	for range 3 {
		if again := w.pick(everything(1)); len(again) > 0 {
			t.Errorf("end game: a peer that was asked for %v is asked for %v again", got, again)
		}
		// The watch fails if a block comes twice here.
		w.pick(everything(2))
		w.pick(everything(3))
	}
}

func endGameLosers(t testing.TB, w *watch) {
	lastBlocks(w)
	again := w.pick(everything(2))
	if len(again) == 0 {
		t.Skip("this picker has no end game")
	}
	cancel, missing := w.arrive(2, again[0])
	if !missing || !slices.Equal(cancel, []swarm.Peer{1}) {
		t.Errorf("end game: the second peer sent %v first, so peer 1 is told to cancel: got %v, %v", again[0], cancel, missing)
	}
	if _, missing := w.arrive(1, again[0]); missing {
		t.Errorf("end game: the loser sent %v nevertheless, and it counts", again[0])
	}
}

func endGameSurvivor(t testing.TB, w *watch) {
	lastBlocks(w)
	again := w.pick(everything(2))
	if len(again) == 0 {
		t.Skip("this picker has no end game")
	}
	b := again[0]
	w.drop(1, b)
	if cancel, missing := w.arrive(2, b); !missing || len(cancel) > 0 {
		t.Errorf("end game: peer 1 dropped %v, peer 2 sent it: got %v, %v, want nobody to cancel", b, cancel, missing)
	}
	if len(again) > 1 {
		// Both give up, the first one by leaving: then the block is free.
		b = again[1]
		w.leave(1)
		w.drop(2, b)
		if got := w.pick(everything(3)); !slices.Contains(got, b) {
			t.Errorf("end game: all who were asked for %v gave up, but it is not asked again: got %v", b, got)
		}
	}
}
