// Package httptracker announces to BitTorrent trackers over HTTP(S) and scrapes them.
//
// An announcement comes in, and peers' addresses go out through a function of the
// caller. A [Tracker] is one announce URL, and [Tiers] are all trackers of a torrent;
// both are a swarm.PeerSource. [Announce] and [Scrape] ask once and remember nothing.
// A Tracker keeps a few bytes for each swarm until Stopped was announced. There is
// nothing to close.
//
// Not here: UDP trackers, which TiersConfig.Open can add to Tiers, and timers. Callers
// such as the engine must obey Answer.Next, which is the tracker's interval, and
// Answer.Min, which is its min interval.
//
// # Concurrency
//
// All methods may be called concurrently, except that calls of Announce for one swarm
// must not overlap.
//
// # Errors
//
// Errors match [*FailureError] if the tracker refused, [*StatusError] if the HTTP
// status is no success, [*ResponseError] if the answer is not valid, and [*SchemeError]
// if the URL is not http or https. A part of an answer that is not valid is ignored and
// named in Answer.Warning; it is an error only if nothing is left to use. Sizes and times
// of answers are bounded. Errors, warnings and logged URLs contain no passkey; see
// [Redact].
//
// # Where each rule is
//
//	rule                                     file                function
//	parameters of an announce (BEP 3)        query.go            announceQuery.String
//	parameters that a caller adds            config.go           Config.params
//	keys of the answer (BEP 3, 7, 24)        response.go         parseAnnounce
//	what of an answer is ignored             response.go         announceResponse.readPeers
//	interval and min interval                tracker.go          Tracker.merge
//	when to announce after an error          tracker.go          Tracker.schedule
//	interval beside a failure reason         tracker.go          Tracker.waitAfter
//	schemes that are not supported           target.go           newTarget
//	which event is sent                      tracker.go          Tracker.ask
//	retry in (BEP 31)                        response.go         retryIn
//	one announce from each address (BEP 7)   route.go            Config.routes
//	compact peers (BEP 23)                   response.go         appendPeers
//	order of trackers (BEP 12)               tiers_announce.go   Tiers.due
//	who may give up after one silence        tiers_announce.go   Tiers.announceTo
//	an answer moves a tracker to the front   tiers_member.go     Tiers.moveToFront
//	who gets Stopped                         tiers_stop.go       Tiers.announceStopped
//	scrape URL (BEP 48)                      target.go           target.scrape
//	answer to a scrape (BEP 48)              scrape.go           parseScrape
//	redirects to local addresses             route.go            addressFilter.redirected
//	passkeys in errors and logs              redact.go           Redact
package httptracker
