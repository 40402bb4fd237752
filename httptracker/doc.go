// Package httptracker announces to BitTorrent trackers over HTTP and HTTPS and
// scrapes them (BEP 3, https://www.bittorrent.org/beps/bep_0003.html#trackers; 7,
// 12, 23, 24, 31, 48).
//
// A [Tracker] is one announce URL, and a [Tiers] the tiers of them that a torrent
// names; both are a swarm.PeerSource. [Announce] and [Scrape] ask once and need
// nothing else. Addresses of peers go out through the function that the caller
// gives, as values; nothing else is kept but a few bytes for each swarm until it
// is announced as stopped. There is nothing to close.
//
// What a tracker sends is bounded in size and time and checked before use.
// Errors, warnings and logged URLs show no passkey; see [Redact].
//
// Not here: when to announce, which is up to the engine that has the [Tracker];
// UDP trackers; DNS names of peers, which are not resolved.
package httptracker
