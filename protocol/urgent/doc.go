// Package urgent decides what follows when deadlines of pieces change, and how soon.
//
// In come the changes, with what is wanted before them; out come when requests are cancelled and
// which ones, when blocks of pieces that were left are written, and when peers are asked again
// because a deadline is near. A [Seek] is a value that one goroutine owns. It does no I/O and
// reads no clock: each call that needs the time is given it. Package protocol does what follows.
package urgent
