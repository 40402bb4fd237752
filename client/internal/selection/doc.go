// Package selection says which pieces of a torrent its user wants, and which of its files.
//
// In come the torrent's files and changes: priorities of files and of ranges of pieces, and
// whether first and last pieces come first. Out go runs of pieces whose priority has changed,
// which the caller gives to the engine, and the [resume.Selection] for the record. A [Selection]
// is a value that one goroutine at a time may use; it does no I/O. Not here: when a piece is
// requested, and where the bytes of files that are not wanted are stored.
package selection
