// Package httptracker announces to BitTorrent trackers over HTTP and HTTPS and
// scrapes them.
//
// An announcement comes in, and peers' addresses go out through a function of the
// caller. A [Tracker] is one announce URL, and [Tiers] are all trackers of a torrent;
// both are a swarm.PeerSource. [Announce] and [Scrape] ask once and remember nothing.
// A Tracker keeps a few bytes for each swarm until Stopped was announced. There is
// nothing to close.
//
// The answer says when to announce again: Answer.Next is the tracker's interval, and
// Answer.Min its min interval, both within the bounds of [Config].
//
// Not here: timers. The engine's announcer calls Announce and obeys Answer.Next and
// Answer.Min; other callers must do the same. Also not here: UDP trackers.
//
// # Concurrency
//
// All methods may be called concurrently, except that calls of Announce for one swarm
// must not overlap.
//
// # Errors
//
// Errors match [*FailureError] if the tracker refused, [*StatusError] if the HTTP
// status is no success, and [*ResponseError] if the answer is not valid. Sizes and
// times of answers are bounded. Errors, warnings and logged URLs contain no passkey;
// see [Redact].
//
// # Where each rule is
//
//	BEP 3 query and answer        query.go, response.go
//	BEP 7 announce per address    route.go, Config.routes
//	BEP 12 order of trackers      tiers.go, tiers_announce.go, tiers_member.go
//	BEP 23 compact peers          response.go, appendPeers
//	BEP 24 external IP            response.go, parseAnnounce
//	BEP 31 retry in               response.go, retryIn; tracker.go, schedule
//	BEP 48 scrape                 target.go, scrape; scrape.go
//	interval and min interval     tracker.go, merge
package httptracker
