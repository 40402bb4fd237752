package httptracker

import (
	"context"
	"time"

	"github.com/shoal-bt/shoal/swarm"
)

// A TiersConfig configures Tiers. Its zero value is ready for use. It is read once.
type TiersConfig struct {
	// Tracker is the Config of each Tracker.
	Tracker Config

	// Open makes the source for an announce URL, so that the tiers can have
	// other schemes than http and https, such as those of module udptracker. Its
	// calls do not overlap, and it must not call methods of the Tiers. An error
	// appears in the tracker's Status. A source may be an OnceAnnouncer. Nil means
	// New with Tracker.
	Open func(url string) (swarm.PeerSource, error)

	// Timeout bounds an Announce over all trackers that it tries. Trackers
	// that it did not reach are tried by the next one. Zero means 50 s, a
	// negative number means no limit.
	Timeout time.Duration

	// Threshold is the number of errors in a row after which a tracker
	// counts as failing. It is still tried. Zero means 15, a negative number
	// means never.
	Threshold int

	// Failing, if set, is called when a tracker reaches the Threshold. It is
	// called by the goroutine that announces and must not call Announce.
	Failing func(Status)

	// Seed is the seed of all random choices. Zero means a random seed.
	Seed uint64
}

// An OnceAnnouncer is a source that can give up soon, because the Tiers have another
// tracker to ask. A source without this ability is always called with Announce.
type OnceAnnouncer interface {
	swarm.PeerSource

	// AnnounceOnce is Announce, but it sends nothing again: it returns an error after
	// a silence of about 15 s. Its calls and those of Announce do not overlap for one
	// swarm.
	AnnounceOnce(ctx context.Context, a swarm.Announcement, found func(swarm.Address)) (swarm.Answer, error)
}
