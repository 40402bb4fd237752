// Package swarm holds what the parts of a BitTorrent client agree upon: the
// units a torrent is cut into, and the contracts between the engine and the
// parts it is built from.
//
// An engine is given a [Geometry] and three parts: a [Storage] that keeps the
// bytes, a [Picker] that chooses which blocks to ask for, and any number of
// [PeerSource] that find peers. Each contract has a suite of tests that any
// implementation can run: swarm/storagetest, swarm/pickertest and
// swarm/sourcetest. [Memory] and [List] are the smallest implementations.
//
// Nothing here does I/O, starts a goroutine or knows a file format. The package
// imports the standard library only. The terms are those of BEP 3
// (https://www.bittorrent.org/beps/bep_0003.html).
package swarm
