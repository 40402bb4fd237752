// Package schedule decides when a torrent has its next turn, and when a source of peers
// is called.
package schedule
