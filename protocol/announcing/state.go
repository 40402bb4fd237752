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

	Call Call // that is under way, says swarm.Started and was not waited for; nil for none
}

// A Call is a call of a source that another has begun. It is used once.
type Call interface {
	// Announce waits until the call has ended, and brings what it brings. It ignores what is
	// announced; the end of the context ends the call.
	swarm.PeerSource

	// End ends the call, and waits until it has ended.
	End()
}
