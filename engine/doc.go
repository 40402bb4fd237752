// Package engine downloads and seeds torrents.
//
// What comes in is a [Spec]: which swarms, how the torrent is cut, a function
// that checks pieces, and three parts behind the contracts of package swarm: a
// Storage, a Picker and any number of PeerSources. What goes out are events,
// statistics and the bytes in the Storage. The engine owns those parts from Add
// until the torrent is closed.
//
// Each torrent has one owner of its protocol state, the turn, which runs while
// there is something to do and never blocks. Readers, writers, verifiers and
// announces hand it events; it answers with effects. Blocks between network and
// disk are counted, and no more are asked for than Config.Memory can hold.
//
// The engine knows no file format and no hash; package client wires it to
// metainfo, diskstore, piecepicker and trackers. It speaks BEP 3, 6 and 10.
package engine
