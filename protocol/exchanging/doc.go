// Package exchanging says which addresses are taken of the messages of peer exchange
// (https://www.bittorrent.org/beps/bep_0011.html) that one peer sends.
//
// In come the messages, with their times, and the peers that are connected; out go the addresses
// to try, which are the caller's, and how much was ignored. An [Incoming] is a value that one
// goroutine owns. Not here: what we send to a peer, which package pex decides, and whom to dial, which
// package addressbook decides.
package exchanging
