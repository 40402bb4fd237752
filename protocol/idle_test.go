package protocol

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A torrent that nobody is connected to has no working set of its own between turns, and
// its State does not grow with the peers that came and went.
func TestIdleStateHoldsNothingForPeers(t *testing.T) {
	w := newWorld(t, []string{"piece", "2b", "length", "4b"})
	w.play("begin",
		"peer 1 joins ext 11",
		"peer 1 sends hello 5, unchoke",
		"peer 1 sends piece 0.0, piece 0.1",
		"wait")
	require.False(t, w.turn.Idle)
	w.play("verdict 0 ok", "peer 1 sends piece 1.0, piece 1.1", "verdict 1 ok", "peer 1 goes")
	require.False(t, w.turn.Idle, "a user waits for the sync")
	w.play("synced", "+1s")
	require.True(t, w.s.complete())
	w.isIdle(true)

	first := 0
	for visit := range 50 {
		id := 2 + visit
		w.play(fmt.Sprintf("peer %d joins fast ext none", id),
			fmt.Sprintf("peer %d sends hello 5, interested, suggests 1", id))
		require.False(t, w.turn.Idle)
		w.play("+1s",
			fmt.Sprintf("peer %d sends request 0.0, request 1.1, cancel 1.1", id),
			"+20s",
			fmt.Sprintf("peer %d goes", id),
			"+1s")
		w.isIdle(true)
		if visit == 0 {
			first = sizeOf(w.s)
		}
	}
	require.Equal(t, first, sizeOf(w.s), "bytes of the State after 50 visits")
	w.play("+31s") // and now the Storage is told
	w.isIdle(true)
	w.play("pause")
	w.isIdle(true)
	w.play("resume", "recheck")
	w.isIdle(true)
	w.play("stored 0,1 0,1", "checked", "close")
	w.isIdle(true)
}

// A torrent that is not complete is idle as well while nobody is connected, unless it
// has blocks of a piece.
func TestIncompleteStateWithoutPeersIsIdle(t *testing.T) {
	w := newWorld(t, []string{"piece", "2b", "length", "4b"})
	w.play("begin")
	w.isIdle(true)
	w.play("peer 1 joins 11", "peer 1 sends unchoke", "peer 1 sends piece 0.0", "peer 1 goes")
	w.isIdle(false)
	w.play("pause")
	w.isIdle(false) // a block is being written
	w.play("written 0")
	w.isIdle(false) // it is known to be there
	w.play("recheck")
	w.isIdle(true)
}

// isIdle checks what the last turn said of the working set, and that it is true.
func (w *world) isIdle(want bool) {
	w.t.Helper()
	require.Equal(w.t, want, w.turn.Idle, w.place)
	require.Equal(w.t, want, w.s.workingSet == emptySet, w.place)
	require.Equal(w.t, workingSet{}, *emptySet, "the shared set must stay empty")
}

// sizeOf returns the bytes that a State has for itself: what is shared with others is
// left out.
func sizeOf(s *State) int {
	seen := make(map[uintptr]bool)
	v := reflect.ValueOf(s).Elem()
	n := int(v.Type().Size())
	for i := range v.NumField() {
		switch v.Type().Field(i).Name {
		case "config", "geo", "memory", "workingSet":
		default:
			n += reachable(v.Field(i), seen)
		}
	}
	return n
}

// reachable returns the bytes that v points to, directly or not.
func reachable(v reflect.Value, seen map[uintptr]bool) (n int) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		return 0
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || seen[v.Pointer()] {
			return 0
		}
		seen[v.Pointer()] = true
		return int(v.Type().Elem().Size()) + reachable(v.Elem(), seen)
	case reflect.Interface:
		if v.IsNil() {
			return 0
		}
		return int(v.Elem().Type().Size()) + reachable(v.Elem(), seen)
	case reflect.Slice:
		n = v.Cap() * int(v.Type().Elem().Size())
		for i := range v.Len() {
			n += reachable(v.Index(i), seen)
		}
	case reflect.Map:
		for k, e := range v.Seq2() {
			n += int(k.Type().Size()+e.Type().Size()) + reachable(k, seen) + reachable(e, seen)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			n += reachable(v.Field(i), seen)
		}
	}
	return n
}
