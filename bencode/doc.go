// Package bencode encodes and decodes bencode, the encoding of BitTorrent's files and
// messages (https://www.bittorrent.org/beps/bep_0003.html#bencoding).
//
// [Scan] is for bytes from strangers. It checks every rule and limit in one pass, without
// recursion or allocation, and returns a [Value] with typed look-ups. A Value points into
// the scanned bytes, which must not change while it is used; its Raw bytes are exact, as
// the hash of an info dictionary needs. [AppendInt] and the other Append functions write
// messages without allocating. A [Node] is a tree to edit. [Marshal] and [Unmarshal]
// convert Go values, for files and tools; they use github.com/jackpal/bencode-go after
// their own checks. Not here: streams; a value must be in memory before it is read.
//
// # Concurrency
//
// Functions, and the methods of a Value, may be called concurrently; those of a Node not.
//
// # Errors
//
// Invalid bytes are a [*SyntaxError], a look-up fails with a [*MissingError] or a
// [*TypeError], and a Go type that cannot be converted is a [*ShapeError].
package bencode
