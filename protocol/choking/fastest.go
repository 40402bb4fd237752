package choking

import "time"

// NewFastestUpload returns a Choker that gives slots to the peers that take most, while we
// seed and while we download. That uses the uplink well, but what a peer gives us does not
// count, so peers that take and do not give are served as well. libtorrent has the same rule
// for seeds (https://www.libtorrent.org/reference-Settings.html, "fastest_upload").
func NewFastestUpload() Choker {
	return newRanked(func(p PeerRate, _ time.Time, _ bool) float64 { return p.Up })
}
