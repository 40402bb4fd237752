package pickertest

import (
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

// everything is an Ask for every block that can be requested from p.
func everything(p swarm.Peer) swarm.Ask {
	return swarm.Ask{Peer: p, MaxBlocks: 1000, MaxNewPieces: 1000}
}

func joinAdds(t testing.TB, w *watch) {
	w.join(1, some(w.m.g, 1, 5))
	if got := w.pick(everything(1)); len(got) != 6 {
		t.Errorf("Join with pieces 1 and 5: want their 6 blocks, got %v", got)
	}
}

func joinCopies(t testing.TB, w *watch) {
	have := some(w.m.g, 2)
	w.p.Join(1, have)
	w.twin.Join(1, have)
	w.m.join(1, have)
	have.Set(3)
	have.Clear(2)
	w.compare("Join")
	for _, b := range w.pick(everything(1)) {
		if b.Piece != 2 {
			t.Errorf("Join copies have: the peer joined with piece 2, but after the caller changed its set Pick returns %v", b)
		}
	}
}

func joinNil(t testing.TB, w *watch) {
	w.join(1, nil)
	if got := w.pick(everything(1)); len(got) > 0 {
		t.Errorf("Join with no piece: want nothing, got %v", got)
	}
}

func haveAdds(t testing.TB, w *watch) {
	w.join(1, some(w.m.g))
	if w.p.Wants(1) {
		t.Error("Wants is true for a peer without pieces")
	}
	w.have(1, 4, true)
	if !w.p.Wants(1) {
		t.Error("Have: the peer now has a missing piece, but Wants is false")
	}
	if got := w.pick(everything(1)); len(got) != 4 {
		t.Errorf("Have: the peer now has piece 4: want its 4 blocks, got %v", got)
	}
	w.held(3)
	w.join(2, some(w.m.g))
	w.have(2, 3, true)
	if w.p.Wants(2) {
		t.Error("Have: the peer has only a held piece, but Wants is true")
	}
}

func haveTakesBack(t testing.TB, w *watch) {
	w.join(1, some(w.m.g, 0, 1))
	w.have(1, 0, false)
	w.have(1, 0, false) // repeats what is known
	for _, b := range w.pick(everything(1)) {
		if b.Piece == 0 {
			t.Errorf("Have: the peer no longer has piece 0, but Pick returns %v", b)
		}
	}
	w.have(1, 1, false)
	if w.p.Wants(1) {
		t.Error("Have: the peer no longer has any piece, but Wants is true")
	}
}

func haveSeedLoses(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.join(2, full(w.m.g))
	w.have(1, 0, false)
	if got := w.pick(everything(1)); len(got) != len(w.m.all)-4 {
		t.Errorf("Have: a seed no longer has piece 0: got %d blocks, want the other %d", len(got), len(w.m.all)-4)
	}
	if got := w.pick(swarm.Ask{Peer: 2, MaxBlocks: 4, MaxNewPieces: 9}); len(got) != 4 || got[0].Piece != 0 {
		t.Errorf("Have of one seed must not change what another has: want piece 0, got %v", got)
	}
}

func leaveFrees(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.join(2, full(w.m.g))
	n := len(w.pick(everything(1)))
	w.leave(1)
	if got := w.pick(everything(2)); len(got) != n {
		t.Errorf("Leave: blocks requested from this peer alone become free: got %d for another peer, want %d", len(got), n)
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
				t.Errorf("Leave of one peer freed %v, which is requested from another", b)
			}
		}
	}
}

func leaveForgets(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	w.leave(1)
	if got := w.pick(everything(1)); len(got) > 0 {
		t.Errorf("Leave: the peer has left, but Pick returns %v", got)
	}
	if w.p.Wants(1) {
		t.Error("Leave: the peer has left, but Wants is true")
	}
	w.join(2, full(w.m.g))
	if _, missing := w.arrive(1, w.m.all[0]); missing {
		t.Errorf("Leave: the peer has left, but Arrive takes its block %v", w.m.all[0])
	}
}

func unknown(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	requested := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 3, MaxNewPieces: 1})
	w.leave(stranger)
	w.have(stranger, 1, true)
	w.drop(stranger, requested[0])
	if got := w.pick(everything(stranger)); len(got) > 0 {
		t.Errorf("a call that names an unknown peer must do nothing: Pick returned %v", got)
	}
	if _, missing := w.arrive(stranger, requested[0]); missing {
		t.Error("a call that names an unknown peer must do nothing: Arrive took its block")
	}
	if _, missing := w.arrive(1, requested[0]); !missing {
		t.Error("a call that names an unknown peer must do nothing: the request to another peer is gone")
	}
}

func wantsFollows(t testing.TB, w *watch) {
	w.join(1, some(w.m.g, 0, 1))
	w.join(2, full(w.m.g))
	w.held(0)
	w.held(1)
	if w.p.Wants(1) || !w.p.Wants(2) {
		t.Error("Wants: 0 and 1 are held: want false for the peer that has only these, true for the seed")
	}
	w.lose(1, nil)
	if !w.p.Wants(1) {
		t.Error("Wants: piece 1 is lost: want true for the peer that has it")
	}
	for _, b := range w.pick(everything(1)) {
		w.arrive(1, b)
	}
	if !w.p.Wants(1) {
		t.Error("Wants: the blocks of piece 1 arrived, but it is not held: want true")
	}
}
