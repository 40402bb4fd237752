package choking

import (
	"math"
	"time"
)

// NewAntiLeech returns a Choker that serves, while we seed, those first who have nearly
// nothing or nearly everything, so that the others must trade with each other. While we
// download it is tit for tat. A peer that hides what it has is served first; the optimistic
// unchoke bounds what that costs the others. libtorrent has the same rule
// (https://www.libtorrent.org/reference-Settings.html, "anti_leech").
func NewAntiLeech() Choker {
	return newRanked(func(p PeerRate, _ time.Time, seeding bool) float64 {
		if !seeding {
			return given(p)
		}
		return math.Abs(p.Has - 0.5)
	})
}
