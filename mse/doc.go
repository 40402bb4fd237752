// Package mse implements message stream encryption (MSE, also called protocol encryption), which
// hides from the network that a connection is BitTorrent.
//
// A net.Conn comes in, and the hash of a torrent that both sides know. [Encryption.Initiate] or
// [Encryption.Accept] agrees with the peer upon a [Payload], and out comes a [Conn], which owns the
// connection. If they fail, the caller closes it.
//
// Not here: when to encrypt, whom to try again without, and the BitTorrent handshake.
//
// # What it protects against, and what not
//
// Who watches the network sees random bytes of random length. It is no protection against those
// who know the torrent's hash and sit in between: nothing is authenticated, RC4 and a prime of
// 768 bits are weak, and lengths and times of packets are as without encryption.
// Keys are made for one connection each, so that the time that math/big takes, which
// depends on them, tells nothing about another connection.
//
// # Limits
//
// Accept reads at most 628 bytes before it knows that the peer encrypts, and 10 KiB in all. It
// raises to a power once when the peer's key is there, and once when 20 bytes follow. Both
// take until their context ends; bound their rate if strangers cause them.
//
// # Concurrency
//
// All methods may be called concurrently.
//
// The specification is at https://wiki.vuze.com/w/Message_Stream_Encryption.
package mse
