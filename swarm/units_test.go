package swarm_test

import (
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

func TestIDString(t *testing.T) {
	id := swarm.ID{0x01, 0xab, 19: 0xff}
	if got, want := id.String(), "01ab0000000000000000000000000000000000ff"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The names are those that trackers know (BEP 3); an announce without an event
// has an empty one.
func TestEventString(t *testing.T) {
	for e, want := range map[swarm.Event]string{
		swarm.None: "", swarm.Started: "started", swarm.Completed: "completed", swarm.Stopped: "stopped", 99: "",
	} {
		if got := e.String(); got != want {
			t.Errorf("event %d is %q, want %q", e, got, want)
		}
	}
}

func TestSpanEnd(t *testing.T) {
	if end := (swarm.Span{Offset: 1 << 40, Length: 5}).End(); end != 1<<40+5 {
		t.Errorf("got %d", end)
	}
}
