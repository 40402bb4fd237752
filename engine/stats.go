package engine

import (
	"time"

	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/swarm"
)

// A Phase is what a torrent is doing.
type Phase = protocol.Phase

// The phases of a torrent.
const (
	PhaseChecking = protocol.PhaseChecking // reading what is stored
	PhaseRunning  = protocol.PhaseRunning  // downloading, seeding, or both
	PhasePaused   = protocol.PhasePaused   // waits for Resume
	PhaseFailed   = protocol.PhaseFailed   // stopped with an error, waits for Resume
	PhaseClosed   = protocol.PhaseClosed   // closed for good
	PhaseFetching = protocol.PhaseFetching // not in the engine: its metadata is fetched
)

type (
	// A Flow is bytes in one direction.
	Flow = protocol.Flow

	// Stats are figures of a torrent at one moment.
	Stats = protocol.Stats

	// PeerStats are figures of one connection at one moment.
	PeerStats = protocol.PeerStats
)

// SourceStats say how a source is doing.
type SourceStats struct {
	Source swarm.PeerSource
	Swarm  swarm.ID
	Last   time.Time // of the last answer or error; zero for none yet
	Next   time.Time // of the next announce; zero for none
	Busy   bool      // a call is under way
	Answer swarm.Answer
	Err    error // of the last call
	Errors int   // in a row
	Peers  int   // addresses in the last answer
}
