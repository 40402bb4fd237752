// Package trackertool has the commands "tracker", which runs a tracker, and "scrape", which asks
// trackers how many peers a torrent has.
//
// In come flags and arguments, requests of peers and answers of trackers; out go answers, requests,
// and lines for people or objects for programs. What a tracker knows is in memory until the command
// ends. Module trackerserver bounds what peers send, and httptracker and udptracker what trackers do.
package trackertool

// Objects returns one of each object that the commands print for programs.
func Objects() []any { return []any{listeningJSON{}, statsObject{}, scrapedJSON{}} }
