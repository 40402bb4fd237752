package pickertest

import (
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

// everything asks peer p for all that it can be asked for.
func everything(p swarm.Peer) swarm.Ask {
	return swarm.Ask{Peer: p, MaxBlocks: 1000, MaxNewPieces: 1000}
}

func joinAdds(t testing.TB, w *watch) {
	w.join(1, some(w.m.g, 1, 5))
	if got := w.pick(everything(1)); len(got) != 6 {
		t.Errorf("a peer that joins with pieces 1 and 5 can be asked for their 6 blocks: got %v", got)
	}
}

func joinCopies(t testing.TB, w *watch) {
	have := some(w.m.g, 2)
	w.p.Join(1, have)
	w.twin.Join(1, have)
	w.m.join(1, have)
	have.Set(3)
	have.Clear(2)
	w.interest("Join")
	for _, b := range w.pick(everything(1)) {
		if b.Piece != 2 {
			t.Errorf("the picker copies have: the peer joined with piece 2, and is asked for %v after the caller changed the set", b)
		}
	}
}

func joinNil(t testing.TB, w *watch) {
	w.join(1, nil)
	if got := w.pick(everything(1)); len(got) > 0 {
		t.Errorf("a peer that joins with nothing is asked for %v", got)
	}
}

func haveAdds(t testing.TB, w *watch) {
	w.join(1, some(w.m.g))
	if w.p.Wants(1) {
		t.Error("a peer without pieces is of no interest")
	}
	w.have(1, 4, true)
	if !w.p.Wants(1) {
		t.Error("Have: a peer that gets a missing piece is of interest")
	}
	if got := w.pick(everything(1)); len(got) != 4 {
		t.Errorf("Have: the peer now has piece 4 and can be asked for its 4 blocks, got %v", got)
	}
	w.held(3)
	w.join(2, some(w.m.g))
	w.have(2, 3, true)
	if w.p.Wants(2) {
		t.Error("Have: a piece that is held makes no interest")
	}
}

func haveTakesBack(t testing.TB, w *watch) {
	w.join(1, some(w.m.g, 0, 1))
	w.have(1, 0, false)
	w.have(1, 0, false) // says nothing new
	for _, b := range w.pick(everything(1)) {
		if b.Piece == 0 {
			t.Errorf("Have: the peer has piece 0 no longer, and is asked for %v", b)
		}
	}
	w.have(1, 1, false)
	if w.p.Wants(1) {
		t.Error("Have: a peer that has nothing any more is of no interest")
	}
}

func haveSeedLoses(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.join(2, full(w.m.g))
	w.have(1, 0, false)
	if got := w.pick(everything(1)); len(got) != len(w.m.all)-4 {
		t.Errorf("a seed that has piece 0 no longer can be asked for the rest: got %d blocks, want %d", len(got), len(w.m.all)-4)
	}
	if got := w.pick(swarm.Ask{Peer: 2, MaxBlocks: 4, MaxNewPieces: 9}); len(got) != 4 || got[0].Piece != 0 {
		t.Errorf("Have of one seed changed what another has: it is asked for %v, want piece 0", got)
	}
}

func leaveFrees(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.join(2, full(w.m.g))
	n := len(w.pick(everything(1)))
	w.leave(1)
	if got := w.pick(everything(2)); len(got) != n {
		t.Errorf("Leave: blocks asked of the peer alone become free: another is asked for %d of %d", len(got), n)
	}
}

func leaveKeeps(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.join(2, full(w.m.g))
	w.join(3, some(w.m.g, 0))
	w.pick(swarm.Ask{Peer: 1, MaxBlocks: 1000, MaxNewPieces: 1000, Only: []int{1, 2, 3, 4, 5}})
	got := w.pick(swarm.Ask{Peer: 3, MaxBlocks: 2, MaxNewPieces: 1})
	w.leave(1)
	w.leave(1)
	for _, b := range w.pick(swarm.Ask{Peer: 2, MaxBlocks: len(w.m.all) - len(got), MaxNewPieces: 1000}) {
		for _, c := range got {
			if b == c {
				t.Errorf("Leave of one peer freed %v, asked of another", b)
			}
		}
	}
}

func leaveForgets(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.leave(1)
	if got := w.pick(everything(1)); len(got) > 0 {
		t.Errorf("Leave: a peer that left is asked for %v", got)
	}
	if w.p.Wants(1) {
		t.Error("Leave: a peer that left is of interest")
	}
	w.join(2, full(w.m.g))
	if _, missing := w.arrive(1, w.m.all[0]); missing {
		t.Errorf("Leave: a peer that left sends %v, and it counts", w.m.all[0])
	}
}

func unknown(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	asked := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 3, MaxNewPieces: 1})
	w.leave(stranger)
	w.have(stranger, 1, true)
	w.drop(stranger, asked[0])
	if got := w.pick(everything(stranger)); len(got) > 0 {
		t.Errorf("a call that names an unknown peer does nothing: Pick returned %v", got)
	}
	if _, missing := w.arrive(stranger, asked[0]); missing {
		t.Error("a call that names an unknown peer does nothing: Arrive took its block")
	}
	if _, missing := w.arrive(1, asked[0]); !missing {
		t.Error("a call that names an unknown peer does nothing: the block of another is gone")
	}
}

func wantsFollows(t testing.TB, w *watch) {
	w.join(1, some(w.m.g, 0, 1))
	w.join(2, full(w.m.g))
	w.held(0)
	w.held(1)
	if w.p.Wants(1) || !w.p.Wants(2) {
		t.Error("Wants: with 0 and 1 held, the peer with these is of no interest, the seed is")
	}
	w.lose(1, nil)
	if !w.p.Wants(1) {
		t.Error("Wants: piece 1 is lost, so the peer that has it is of interest again")
	}
	for _, b := range w.pick(everything(1)) {
		w.arrive(1, b)
	}
	if !w.p.Wants(1) {
		t.Error("Wants: a piece that arrived but is not held is still wanted")
	}
}
