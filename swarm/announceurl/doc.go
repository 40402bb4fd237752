// Package announceurl hides the passkeys of announce URLs, and adds parameters to them.
//
// An announce URL of a private tracker contains a key that belongs to its user. In come
// the URL, and texts that may quote it, such as errors and answers of the tracker. Out go
// a URL and texts that may be shown and logged. Parameters that a caller adds to announces
// come in as well, and go out as a query. All sources that announce to trackers use this
// package, so that they hide the same. Nothing is kept.
package announceurl
