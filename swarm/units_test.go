package swarm_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/shoal-bt/shoal/swarm"
)

func TestIDString(t *testing.T) {
	id := swarm.ID{0x01, 0xab, 19: 0xff}
	if got, want := id.String(), "01ab0000000000000000000000000000000000ff"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A peer chooses every byte of its name, which may be shown on a terminal.
func TestPeerIDString(t *testing.T) {
	for want, id := range map[string]swarm.PeerID{
		"-SH0100-abcXYZ019._~":                  swarm.PeerID([]byte("-SH0100-abcXYZ019._~")),
		`-qB45\x00-\x1b[31m\n%\x7f\x80\xff \"<`: swarm.PeerID([]byte("-qB45\x00-\x1b[31m\n%\x7f\x80\xff \"<")),
		`-AB0001-\u00e9\u202e\\000000`:          swarm.PeerID([]byte("-AB0001-\u00e9\u202e\\000000")),
		strings.Repeat(`\x00`, 20):              {},
	} {
		if got := fmt.Sprint(id); got != want {
			t.Errorf("%q prints as %s, want %s", id[:], got, want)
		}
		if back, err := strconv.Unquote(`"` + want + `"`); back != string(id[:]) || err != nil {
			t.Errorf("%s is not %q in a Go string: %q, %v", want, id[:], back, err)
		}
	}
}

// The names are those that trackers know (BEP 3); an announce without an event
// has an empty one.
func TestEventString(t *testing.T) {
	for e, want := range map[swarm.Event]string{
		swarm.None: "", swarm.Started: "started", swarm.Completed: "completed", swarm.Stopped: "stopped", swarm.Paused: "paused", 99: "",
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
