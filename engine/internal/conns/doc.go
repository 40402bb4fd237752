// Package conns has the connections of an engine, from the dial or the accept to the
// last byte.
//
// A [Dialer] and an [Acceptor] make them and shake hands. A [Conn] that a torrent has
// accepted has two goroutines: the reader turns bytes into Inputs for the torrent's
// turn, and the writer sends what the turn delivers, and reads the blocks that it sends
// from the Storage. What the messages mean, the package does not know.
package conns
