// Package krpc reads and writes the messages of the Mainline DHT: one bencoded dictionary
// in each datagram (https://www.bittorrent.org/beps/bep_0005.html#krpc-protocol), with the
// keys of BEP 32 (IPv6), 33 (scrapes), 42 (ip), 43 (ro), 44 (items) and 51 (samples).
//
// A datagram comes in, and a [Message] goes out, whose slices point into the datagram; or
// the reverse, into a buffer of the caller. Nothing is kept. Functions and methods may be
// called concurrently.
//
// # Errors
//
// [Parse] returns an [*Error] for a query whose arguments are wrong: its Code and Text are
// what the sender should get as an answer. Any other error means that the datagram is no
// message, and that no answer is due. An optional key of a wrong type or length is ignored,
// and so are bytes after the message, and each node and each peer that cannot be one; the rest
// of the message is used.
package krpc
