// Package dht is a node of the Mainline DHT: it finds others who share the same 20 bytes,
// without a server, and stores small items
// (https://www.bittorrent.org/beps/bep_0005.html; BEP 32, 33, 42 to 46 and 51).
//
// Hashes, items and datagrams come in; addresses, items and datagrams go out. A [Node] is a
// swarm.PeerSource, and of use to any program that wants to meet others of its kind. It
// works on sockets that it is given, which stay the caller's, and may be shared: datagrams
// that are none of the DHT are ignored. What it knows is in memory; [Node.Save] returns what
// should be kept for the next start.
//
// Not here: when a swarm is announced again (Announce says after how long), files, and the
// rule that private torrents must not be announced.
//
// The node itself is a value, package node, and so are its parts: nodeid, krpc, routing,
// lookup, storage, item and bloom. Package dhtsim simulates thousands of them.
//
// # Concurrency
//
// All methods may be called concurrently, except that calls of Announce for one swarm must
// not overlap.
//
// # Errors
//
// Errors match [ErrNoNodes] if nobody answers, [ErrClosed] after Close, and *krpc.Error if
// nodes refuse to store an item. A look-up that begins before the node knows others waits
// until it does, or until that has failed.
package dht
