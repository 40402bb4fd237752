// Package handshake exchanges the handshake with which a connection between BitTorrent
// peers begins, 68 bytes from each side, and filters peers by what it says.
//
// A net.Conn, or any io.Reader, comes in; a [Handshake] goes out: protocol name,
// reserved bits, info hash and peer id. [Dial] connects and exchanges handshakes.
// [Initiate] and [Accept] do so on a connection that exists, with a time limit and a
// context. [Read] and [Write] are for one direction, and a [Parser] for bytes as they
// arrive. [Filters] allow or block peers while the exchange goes on.
//
// Nothing here reads beyond the handshake: what the peer sent after it can still be read
// from the connection. The caller always closes the connection, unless Dial fails.
//
// Not here: which swarms exist, encryption, and the messages that follow.
//
// # Errors
//
// A peer that speaks another protocol gets a [*ProtocolError]. [ErrBlocked],
// [ErrInfoHash] and [ErrSelf] say why a valid handshake was refused.
package handshake
