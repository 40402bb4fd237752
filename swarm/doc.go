// Package swarm defines what the components of a BitTorrent client share: the units of
// a torrent, such as pieces and blocks, and the contracts between an engine and its
// components.
//
// An engine gets a [Geometry] and three kinds of components: a [Storage] that keeps the
// bytes, a [Picker] that chooses which blocks to request, and any number of [PeerSource]
// that find peers. Each contract has a suite of tests that every implementation can run:
// swarm/storagetest, swarm/pickertest and swarm/sourcetest. [Memory] and [List] are the
// smallest implementations.
//
// Optional abilities are small interfaces, such as [Syncer]. A function of the same
// name, such as [Sync], uses the ability if the value has it.
//
// Nothing in this package does I/O, starts a goroutine or knows a file format. It imports
// the standard library only. The terms are those of BEP 3
// (https://www.bittorrent.org/beps/bep_0003.html).
package swarm
