package pickertest

import (
	"slices"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

// lastBlocks leaves pieces 0 and 5 to download and requests their six blocks from
// peer 1, so the end game is on. Peers 2 and 3 are seeds without requests.
func lastBlocks(w *watch) []swarm.Block {
	for i := 1; i < 5; i++ {
		w.held(i)
	}
	w.join(1, full(w.m.g))
	w.join(2, full(w.m.g))
	w.join(3, full(w.m.g))
	return w.pick(everything(1))
}

func endGameReported(t testing.TB, w *watch) {
	e, ok := w.p.(swarm.EndGamer)
	if !ok {
		t.Skip("this picker is no swarm.EndGamer")
	}
	// The watch compares EndGame after each call; this names the rule.
	want := func(on bool, when string) {
		t.Helper()
		if got := e.EndGame(); got != on {
			t.Errorf("EndGame %s: got %v, want %v", when, got, on)
		}
	}
	want(false, "before any peer joined")
	got := lastBlocks(w)
	want(true, "with every missing block requested")
	w.drop(1, got[0])
	want(false, "with a block free that peers have")
	for i := range swarm.Peer(3) {
		w.have(i+1, got[0].Piece, false)
	}
	want(true, "with a block free that no peer has")
	for _, b := range got[1:] {
		w.arrive(1, b)
	}
	want(false, "with no request open")
}

func endGameNotBefore(t testing.TB, w *watch) {
	w.join(1, some(w.m.g, 0))
	w.join(2, some(w.m.g, 0))
	w.join(3, some(w.m.g, 1))
	w.pick(everything(1))
	// Piece 1 is requested from nobody.
	if got := w.pick(everything(2)); len(got) > 0 {
		t.Errorf("blocks of piece 1 are requested from nobody, but %v are requested from a second peer", got)
	}
}

func endGameOnce(t testing.TB, w *watch) {
	got := lastBlocks(w)
	for range 3 {
		if again := w.pick(everything(1)); len(again) > 0 {
			t.Errorf("end game: %v are requested from this peer, but Pick returns %v again", got, again)
		}
		// The watch fails if Pick returns a block twice for one peer.
		w.pick(everything(2))
		w.pick(everything(3))
	}
}

func endGameCancels(t testing.TB, w *watch) {
	lastBlocks(w)
	again := w.pick(everything(2))
	if len(again) == 0 {
		t.Skip("this picker has no end game")
	}
	cancel, missing := w.arrive(2, again[0])
	if !missing || !slices.Equal(cancel, []swarm.Peer{1}) {
		t.Errorf("end game: peer 2 sent %v, which is requested from peer 1 too: got %v, %v, want peer 1, and true", again[0], cancel, missing)
	}
	if _, missing := w.arrive(1, again[0]); missing {
		t.Errorf("end game: peer 1 sent %v too: it is no longer missing, want false", again[0])
	}
}

func endGameLast(t testing.TB, w *watch) {
	lastBlocks(w)
	again := w.pick(everything(2))
	if len(again) == 0 {
		t.Skip("this picker has no end game")
	}
	b := again[0]
	w.drop(1, b)
	if cancel, missing := w.arrive(2, b); !missing || len(cancel) > 0 {
		t.Errorf("end game: peer 1 dropped %v, peer 2 sent it: got %v, %v, want no other peer, and true", b, cancel, missing)
	}
	if len(again) > 1 {
		// Peer 1 leaves and peer 2 drops the block: then it is free.
		b = again[1]
		w.leave(1)
		w.drop(2, b)
		if got := w.pick(everything(3)); !slices.Contains(got, b) {
			t.Errorf("end game: no request for %v is left: want it for peer 3, got %v", b, got)
		}
	}
}
