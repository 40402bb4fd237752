package httptracker

import "github.com/shoal-bt/shoal/swarm/announceurl"

// Redact returns a tracker's URL for display and logs: without user, password and
// query, and with *** for components of the path and the host that may be a passkey.
// A string that is not a URL is replaced completely. It may be called concurrently.
func Redact(rawURL string) string { return announceurl.Redact(rawURL) }
