package protocol

import "github.com/shoal-bt/shoal/protocol/connection"

// What the State shares with the reader and the writer of a connection; see package
// connection.
type (
	// An Outbox is what one turn has for a peer.
	Outbox = connection.Outbox

	// A Line is what waits to be sent to one peer.
	Line = connection.Line

	// A Tally is what is counted of one connection.
	Tally = connection.Tally
)
