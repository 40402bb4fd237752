// Package nodeid is about the ids of nodes of the Mainline DHT: 160 bits, the distance
// between two of them (https://www.bittorrent.org/beps/bep_0005.html#overview), and which
// ids fit an address (https://www.bittorrent.org/beps/bep_0042.html).
//
// In come ids, addresses and random numbers, out come ids and answers. Nothing is kept. All
// functions and methods may be called concurrently.
package nodeid
