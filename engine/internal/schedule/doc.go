// Package schedule says when it is time: for a torrent's next turn, and for the next
// call of a source of peers.
package schedule
