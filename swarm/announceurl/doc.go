// Package announceurl hides the passkeys of announce URLs.
//
// An announce URL of a private tracker contains a key that belongs to its user. In come
// the URL, and texts that may quote it, such as errors and answers of the tracker. Out go
// a URL and texts that may be shown and logged. All sources that announce to trackers use
// it, so that they hide the same. Nothing is kept.
package announceurl
