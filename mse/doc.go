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
// An observer of the network sees random bytes of random length. There is no protection against
// one who knows the torrent's hash and sits between the peers, because nothing is authenticated.
// RC4 and a prime of 768 bits are weak, and sizes and times of packets stay as they are.
// The time that math/big takes depends on the private key, but each key is used for one connection.
//
// # Limits
//
// Accept reads at most 628 bytes before it knows that the peer encrypts, and 10 KiB in all. It
// calculates two powers modulo the prime, some 0.1 ms each: one when the peer's key is there, one when
// 20 bytes follow it. Bound how often strangers may cause that. Initiate and Accept wait until their
// context ends.
//
// # Concurrency
//
// All methods may be called concurrently.
//
// The specification is at https://wiki.vuze.com/w/Message_Stream_Encryption.
package mse
