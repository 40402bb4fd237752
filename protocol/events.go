package protocol

import "github.com/shoal-bt/shoal/protocol/report"

// What the users of a torrent see. Package report has the events, by their kinds, and why
// connections end.
type (
	// An Event is something that happened to a torrent.
	Event = report.Event

	// An EventMask is a set of kinds of events.
	EventMask = report.EventMask

	// A Phase is what a torrent is doing.
	Phase = report.Phase

	// Stats are the figures of a torrent at one moment.
	Stats = report.Stats

	// PeerStats are the figures of one connection at one moment.
	PeerStats = report.PeerStats

	// A Flow is bytes in one direction.
	Flow = report.Flow

	// An End is why a connection ended.
	End = report.End
)

// The phases of a torrent's life.
const (
	PhaseChecking = report.PhaseChecking
	PhaseRunning  = report.PhaseRunning
	PhasePaused   = report.PhasePaused
	PhaseFailed   = report.PhaseFailed
	PhaseClosed   = report.PhaseClosed
	PhaseFetching = report.PhaseFetching
)
