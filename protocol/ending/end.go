package ending

import (
	"errors"

	"github.com/shoal-bt/shoal/peerwire"
	"github.com/shoal-bt/shoal/protocol/addressbook"
	"github.com/shoal-bt/shoal/protocol/places"
	"github.com/shoal-bt/shoal/protocol/report"
)

// Of returns what an error says about the end of a connection. A flood may also break a
// rule; it counts as a flood.
func Of(why error) report.End {
	var broken *peerwire.ProtocolError
	switch {
	case errors.Is(why, ErrFlood):
		return report.EndFlood
	case errors.As(why, &broken):
		return report.EndBroken
	case why == places.ErrUnused:
		return report.EndReplaced
	}
	if r, ok := why.(*reason); ok {
		return r.end
	}
	return report.EndLost
}

// Refused returns what a connection that we refuse means for the address that we dialed.
func Refused(why error) addressbook.Outcome {
	if r, ok := why.(*reason); ok {
		return r.refused
	}
	return addressbook.Failed
}

// Outcome returns what the end of a connection means for the peer's address: hasMoved says
// that blocks moved over it, and crossed that the peer may have ended it because we dialed
// each other.
func Outcome(end report.End, hasMoved, crossed bool) addressbook.Outcome {
	switch {
	case end == report.EndUseless:
		return addressbook.Useless
	case end == report.EndStopped:
		return addressbook.NoRoom
	case end == report.EndLost && crossed:
		return addressbook.Crossed
	case end == report.EndLost && hasMoved:
		return addressbook.Lost
	}
	return addressbook.Failed
}
