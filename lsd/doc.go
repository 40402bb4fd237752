// Package lsd finds peers on the local network, and tells them about us
// (https://www.bittorrent.org/beps/bep_0014.html, Local Service Discovery).
//
// Announcements come in, peers go out. A [Source] is a swarm.PeerSource for many swarms. It
// owns its sockets, one for each family of addresses, which are open while there are swarms.
// Other programs of this machine may use the same port. It uses the interfaces that are up,
// and looks for new ones every 30 seconds.
//
// The caller must not pass the swarms of private torrents: all who are on the local network
// see what is announced. Not here: when a swarm is announced again (Announce says after how
// long), and dialing. What is due when is a value, package discovery.
//
// # Concurrency
//
// All methods may be called concurrently, except that calls of Announce for one swarm must
// not overlap.
//
// # Errors
//
// Errors match [ErrNoLink] if no interface can be used, and [ErrClosed] after Close.
package lsd
