// Package pieces keeps the pieces of a torrent that are in progress.
//
// In come blocks with their buffers and senders, and what became of checks and writes;
// out come the buffers of a piece that is ready to be checked, of the next section of a
// long piece, or of a piece to be written early because memory is short. [Evidence]
// remembers who sent which version of a wrong piece, until the right one tells who lied.
//
// The package decides nothing about peers and requests nothing: package protocol does.
// Its types are values that one goroutine owns. They do no I/O and read no clock.
package pieces
