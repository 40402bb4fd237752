package engine

import (
	"github.com/shoal-bt/shoal/protocol"
	"github.com/shoal-bt/shoal/protocol/announcing"
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

	// SourceStats say how a source is doing in one swarm.
	SourceStats = announcing.State
)
