package httptracker

import (
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A TiersConfig tunes Tiers. Its zero value is ready for use.
type TiersConfig struct {
	// Tracker is the Config of each Tracker.
	Tracker Config

	// Open makes the source for an announce URL, so that other schemes than
	// http and https can have a place in the tiers. Nil means New with the
	// Config Tracker. An error stands in the Status of that tracker.
	Open func(url string) (swarm.PeerSource, error)

	// Timeout bounds an Announce over all trackers that it tries; those that
	// were left out come next. Zero means 50 s, a negative number means no
	// limit.
	Timeout time.Duration

	// Threshold is the number of errors in a row after which a tracker
	// counts as failing. It is tried on. Zero means 15, a negative number
	// means never.
	Threshold int

	// Failing, if set, is called when a tracker reaches the Threshold. It is
	// called by the goroutine that announces, and must not call Announce.
	Failing func(Status)

	// Seed is that of the random choices. Zero means a random one.
	Seed uint64
}
