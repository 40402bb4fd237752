// Package message writes and reads the announces of Local Service Discovery
// (https://www.bittorrent.org/beps/bep_0014.html#protocol).
//
// A [Message] comes in and bytes go out, or the reverse. The bytes stay the caller's; a
// Message holds none of them. Not here: sockets, and whether a message is believed.
//
// The functions may be called concurrently.
package message
