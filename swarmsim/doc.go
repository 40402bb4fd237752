// Package swarmsim simulates a swarm: many peers in one goroutine, on a simulated clock.
//
// In comes a [Sim]: the torrent's geometry, the peers with their links and kinds, and a
// seed of chance. Out comes a [Result]: who had everything and when, who sent how much,
// what was wasted, who was banned, and what the seeds sent. [DrawCompletion] makes an SVG
// of it, and encoding/json writes it. A Sim and a Result are values of the caller; the
// package keeps neither.
//
// Each peer is a real protocol.State, with a real picker, choker and memory budget. Its
// messages are encoded, queued in a protocol.Line, and take their time on the sender's
// uplink, on the way, and on the receiver's downlink. Hashing, reading and writing take
// time as well. Blocks hold no bytes: it is known which of them are wrong. A tracker
// hands out addresses at random.
//
// Equal Sims have equal Results, to the last message: Result.Hash shows it.
//
// Not here: sockets, packet loss and TCP's control of congestion (a connection sends at
// full rate at once, or after a slow start if [Link] says so, and shares a link evenly with
// others), NATs, and the bytes of handshakes. Named swarms are in package scenario, and the
// command cmd/swarmsim runs them.
package swarmsim
