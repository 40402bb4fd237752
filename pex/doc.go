// Package pex exchanges peers with peers: the extension ut_pex
// (https://www.bittorrent.org/beps/bep_0011.html).
//
// In come the peers of a torrent that are connected ([extension.Conn].Peers), messages of
// peers, and time. Out go messages with who came and who went since the last one, and the
// addresses that peers named ([extension.Conn].Found). Each connection has a session, which
// package protocol owns; it remembers which addresses it named to its peer and has not yet
// named as dropped, at most one for each host. Addresses that were found are the torrent's.
//
// Not here: which addresses of a message are taken, which package protocol/exchanging decides;
// whom to dial, and when, which package protocol/addressbook decides; and peers that
// were lost recently, which an implementation may name if few are connected.
//
// # Concurrency
//
// All of it runs in the turns of a torrent, so nothing locks.
package pex
