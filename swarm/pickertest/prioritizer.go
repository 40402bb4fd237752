package pickertest

import (
	"slices"
	"testing"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

func priorityZero(t testing.TB, w *watch) {
	w.join(1, some(w.m.g, 0, 1))
	w.join(2, some(w.m.g, 1))
	w.setPriority(1, 0)
	if w.p.Wants(2) {
		t.Error("SetPriority 0 of piece 1: Wants is true for a peer that has only this piece")
	}
	if got := w.pick(everything(1)); len(got) != 4 {
		t.Errorf("SetPriority 0 of piece 1: want the 4 blocks of piece 0, got %v", got)
	}
	w.setPriority(1, 4)
	if !w.p.Wants(2) {
		t.Error("SetPriority 4 of piece 1: it is wanted again, but Wants is false")
	}
	if got := w.pick(everything(2)); len(got) != 4 {
		t.Errorf("SetPriority 4 of piece 1: it is wanted again: want its 4 blocks, got %v", got)
	}
}

func priorityZeroLater(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 2, MaxNewPieces: 1, Only: []int{2}})
	w.setPriority(2, 0)
	for _, b := range w.pick(everything(1)) {
		if b.Piece == 2 {
			t.Errorf("SetPriority 0 of a piece that is begun: Pick returns %v", b)
		}
	}
	if _, missing := w.arrive(1, got[0]); !missing {
		t.Error("SetPriority 0 of a piece that is begun: a requested block arrives and was missing, want true")
	}
	w.drop(1, got[1])
	w.setPriority(2, 7)
	if again := w.pick(everything(1)); len(again) != 3 {
		t.Errorf("SetPriority 7 of a piece with three blocks missing: want those, got %v", again)
	}
}

func priorityOrder(t testing.TB, w *watch) {
	w.join(1, full(w.m.g))
	for piece, priority := range []int{1, 7, 4, 2, 6, 3} {
		w.setPriority(piece, priority)
	}
	var order []int
	for _, b := range w.pick(everything(1)) {
		if !slices.Contains(order, b.Piece) {
			order = append(order, b.Piece)
		}
	}
	if want := []int{1, 4, 2, 5, 3, 0}; !slices.Equal(order, want) {
		t.Errorf("SetPriority: of pieces that are not begun, those of a higher priority come first: got %v, want %v", order, want)
	}
}

func deadlineOrder(t testing.TB, w *watch) {
	now := time.Unix(1e9, 0)
	w.join(1, full(w.m.g))
	w.join(2, some(w.m.g, 0, 2))
	w.setDeadline(2, now.Add(time.Minute))
	w.setDeadline(4, now.Add(time.Second))
	w.setDeadline(1, now.Add(time.Hour))
	a := everything(2)
	a.Now = now
	if got := w.pick(a); len(got) != 8 || got[0].Piece != 2 || got[3].Piece != 2 {
		t.Errorf("SetDeadline: piece 2 has a deadline, so it comes before piece 0: got %v", got)
	}
	a.Peer = 1
	var order []int
	for _, b := range w.pick(a) {
		if !slices.Contains(order, b.Piece) {
			order = append(order, b.Piece)
		}
	}
	if len(order) < 2 || order[0] != 4 || order[1] != 1 {
		t.Errorf("SetDeadline: piece 4, then piece 1, come before others, because their deadlines are nearest: got %v", order)
	}
}

func deadlineBeforeFirst(t testing.TB, w *watch) {
	now := time.Unix(1e9, 0)
	w.join(1, full(w.m.g))
	w.setDeadline(2, now.Add(time.Minute))
	got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 8, MaxNewPieces: 2, First: []int{4}, Now: now})
	if len(got) != 8 || got[0].Piece != 2 || got[4].Piece != 4 {
		t.Errorf("SetDeadline: piece 2 has a deadline, so it comes before piece 4 of Ask.First: got %v", got)
	}
}

func deadlineBack(t testing.TB, w *watch) {
	now := time.Unix(1e9, 0)
	w.join(1, full(w.m.g))
	w.setDeadline(2, now.Add(time.Second))
	w.setDeadline(4, now.Add(time.Minute))
	w.setDeadline(2, time.Time{})
	w.setDeadline(3, time.Time{})
	if got := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 1, MaxNewPieces: 1, Now: now}); len(got) != 1 || got[0].Piece != 4 {
		t.Errorf("SetDeadline with the zero time takes the deadline of piece 2 back: want piece 4 first, got %v", got)
	}
}

func deadlineLate(t testing.TB, w *watch) {
	now := time.Unix(1e9, 0)
	w.join(1, full(w.m.g))
	w.join(2, full(w.m.g))
	w.setDeadline(2, now.Add(10*time.Second))
	slow := w.pick(swarm.Ask{Peer: 1, MaxBlocks: 2, MaxNewPieces: 1, Now: now, Delay: time.Minute})
	// The picker may request the same blocks from the fast peer. If it does, peer
	// 1 must be returned by Arrive.
	fast := w.pick(swarm.Ask{Peer: 2, MaxBlocks: 6, MaxNewPieces: 2, Now: now.Add(time.Second), Delay: time.Second})
	for _, b := range slow {
		cancel, missing := w.arrive(2, b)
		if again := slices.Contains(fast, b); !missing || again && !slices.Equal(cancel, []swarm.Peer{1}) {
			t.Errorf("SetDeadline: %v is requested from peer 1 and came from peer 2: got %v, %v, want peer 1, and true", b, cancel, missing)
		}
	}
}

// A slow peer may be left without blocks that a fast one would send sooner, but not without any as
// long as nothing is requested from it.
func deadlineSlow(t testing.TB, w *watch) {
	now := time.Unix(1e9, 0)
	w.join(1, full(w.m.g))
	w.join(2, full(w.m.g))
	for piece := range w.m.g.Pieces() {
		w.setDeadline(piece, now.Add(time.Duration(piece)*time.Second))
	}
	w.pick(swarm.Ask{Peer: 1, MaxBlocks: 2, MaxNewPieces: 100, Now: now, Delay: time.Millisecond, Each: time.Millisecond})
	got := w.pick(swarm.Ask{Peer: 2, MaxBlocks: 8, MaxNewPieces: 100, Now: now, Delay: time.Minute, Each: time.Second})
	if len(got) == 0 {
		t.Error("SetDeadline: nothing is requested from peer 2, so it must get blocks although peer 1 is faster")
	}
	for _, b := range got {
		w.arrive(2, b)
	}
	if got := w.pick(swarm.Ask{Peer: 2, MaxBlocks: 8, MaxNewPieces: 100, Now: now, Delay: time.Minute, Each: time.Second}); len(got) == 0 {
		t.Error("SetDeadline: nothing is requested from peer 2 any more, so it must get blocks again")
	}
}
