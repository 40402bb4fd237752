package engine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
	"github.com/stretchr/testify/require"
)

// told holds the picker to what the state knows.
func (w *world) told() error {
	s := w.s
	if want := s.active() && !s.complete(); s.hasPicker() != want {
		return fmt.Errorf("there is a picker: %v, and one is needed: %v", s.hasPicker(), want)
	}
	l, ok := s.picker.(*lowest)
	if !ok {
		return nil
	}
	for i, held := range l.held {
		if held != s.have.Has(i) {
			return fmt.Errorf("the picker thinks that piece %d is held: %v", i, held)
		}
		for k, b := range l.blocks[i] {
			a := s.assembly[i]
			if here := a != nil && a.arrived[k]; !held && !b.pad && b.here != here {
				return fmt.Errorf("the picker thinks that block %d of piece %d is here: %v", k, i, b.here)
			}
		}
	}
	for _, p := range s.order {
		if l.peers[p.id] != nil != p.inPicker {
			return fmt.Errorf("the picker knows peer %d: %v", p.id, l.peers[p.id] != nil)
		}
	}
	if l.peers[nobody] != nil {
		return fmt.Errorf("the picker knows a peer that is nobody")
	}
	return nil
}

// tell carries out lines of a transcript.
func (w *world) tell(lines ...string) {
	for _, line := range lines {
		w.place = line
		w.obey(strings.Fields(line))
		w.check()
	}
}

func TestPickerOnlyWhilePiecesAreMissing(t *testing.T) {
	made := 0
	w := newWorld(t, []string{"have", "1111"})
	newPicker := w.s.newPicker
	w.s.newPicker = func() swarm.Picker {
		made++
		return newPicker()
	}
	w.tell("begin", "peer 1 joins fast all", "peer 2 joins fast 1110", "peer 2 sends interested", "+1s")
	require.False(t, w.s.hasPicker())
	require.Zero(t, made, "a complete torrent needs no picker")

	w.take()
	w.tell("lost 2 1.0")
	require.True(t, w.s.hasPicker(), "a piece is missing again")
	require.Equal(t, 1, made)
	require.Contains(t, w.take(), "to 2: interested", "the picker knows who is there")

	w.tell("peer 2 sends unchoke", "peer 2 sends piece 1.0", "peer 2 sends piece 1.1", "verdict 1 ok")
	require.False(t, w.s.hasPicker())
	require.Contains(t, w.take(), "to 2: not interested")
	require.Equal(t, 1, made)
	w.finish()
}

func TestPickerAfterAPauseKnowsWhatArrived(t *testing.T) {
	made := 0
	w := newWorld(t, []string{"piece", "4b", "length", "16b"})
	newPicker := w.s.newPicker
	w.s.newPicker = func() swarm.Picker {
		made++
		return newPicker()
	}
	w.tell("begin", "peer 1 joins fast 1111", "peer 1 sends unchoke", "peer 1 sends piece 0.0", "peer 1 sends piece 0.2", "pause")
	require.False(t, w.s.hasPicker())
	w.tell("peer 1 goes", "written 0", "resume")
	require.Equal(t, 2, made)
	w.take()
	w.tell("peer 2 joins fast 1111", "peer 2 sends unchoke")
	require.Contains(t, strings.Join(w.take(), "\n"), "request 0.1 0.3 1.0", "what is left of the piece comes first")
	w.finish()
}
