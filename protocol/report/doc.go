// Package report is what the users of a torrent see: its events and its statistics.
//
// Package protocol makes them and re-exports all of it, so programs rarely import this
// package. Its types are values without behavior.
package report
