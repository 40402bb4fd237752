// Package trackerserver is a BitTorrent tracker over HTTP to embed in a program
// (BEP 3, https://www.bittorrent.org/beps/bep_0003.html#trackers; 7, 23, 24, 31, 48).
//
// A [Server] is an http.Handler: it reads announces and scrapes, asks a [Handler]
// what to say and writes that. [Memory] is the Handler that is used if no other is
// given: it keeps swarms in memory, sharded by info hash, forgets peers that are
// not heard of, and bounds what strangers can make it keep. Put your own around it
// to check keys, count traffic or choose peers.
//
// Nothing here starts a goroutine, but those of [Server.Serve].
//
// Not here: UDP (BEP 15), users, a database.
package trackerserver
