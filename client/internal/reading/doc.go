// Package reading reads files of a torrent while they are downloaded.
//
// In come offsets at which users read, deadlines that they set by hand, and changes of what is
// wanted. Out go the bytes, as soon as their pieces are held, and to the engine the deadlines of
// what is read next: of each piece the earliest that somebody wishes for, and only what has
// changed. A [Set] owns the wishes of one torrent, a [Reader] its place in a file. Not here:
// which peers are asked, and what the record says.
//
// A piece that the user does not want becomes wanted while a reader wishes for it. After that it
// has the user's priority again.
//
// # Concurrency
//
// All methods may be called concurrently. Set.mu is held while the engine takes a change, and is
// taken after no other lock of this package. Reader.mu is held for a moment only.
//
// # Where to find a rule
//
//	rule                                        file       function
//	how far a reader asks ahead                 window.go  ahead
//	what stays asked for after a seek           window.go  window.move
//	when a piece is needed                      window.go  pace.at
//	when a wish is renewed                      reader.go  Reader.ask
//	when a small change is no change            wishes.go  isNear
//	which deadline the engine gets              set.go     Set.send
//	when a piece is unwanted again              set.go     Set.restore
//	what follows if the user unwants a piece    set.go     Set.Prioritize
//	how the rate of a reader is measured        meter.go   meter.add
package reading
