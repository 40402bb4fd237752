// Package connection is what the State of a torrent shares with the reader and the writer
// of one connection.
//
// In come the outboxes of the State's turns and the blocks that the reader received; out
// come the bytes and blocks to send next, in order ([Line]), and the decision whether a
// block was requested ([Tally]). Package protocol writes the outboxes. Reading, writing
// and the lock around a Line are the caller's.
package connection
