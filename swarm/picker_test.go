package swarm_test

import (
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

// An ender is a Picker that says when its end game is on. Its other methods are not
// called.
type ender struct {
	swarm.Picker
	on bool
}

func (e ender) EndGame() bool { return e.on }

func TestEndGame(t *testing.T) {
	if !swarm.EndGame(ender{on: true}) || swarm.EndGame(ender{}) {
		t.Error("EndGame must return what the picker says")
	}
	if swarm.EndGame(struct{ swarm.Picker }{ender{on: true}}) || swarm.EndGame(nil) {
		t.Error("EndGame of a picker that is no EndGamer must be false")
	}
}
