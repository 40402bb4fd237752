package announcing

import (
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A State says how far a source is in one swarm.
type State struct {
	Source     swarm.PeerSource
	Swarm      swarm.ID
	Registered bool      // it heard swarm.Started, and not swarm.Stopped since
	Busy       bool      // a call is under way
	Last       time.Time // of the last answer or error; zero for none yet
	Next       time.Time // of the next call; zero for none
	Earliest   time.Time // before this it must not be called, not even if a user asks; zero if it may be

	// What the last call brought.
	Answer swarm.Answer
	Err    error // nil if it did not fail
	Errors int   // calls in a row that failed
	Peers  int   // addresses

	// Call brings what a call brings that says swarm.Started, is under way, and was not
	// waited for. It may be called once and ignores what it is given, except for the
	// context, which ends the call. Nil means that there is none.
	Call swarm.PeerSource
}
