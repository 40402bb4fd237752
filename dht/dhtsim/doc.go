// Package dhtsim is a simulated DHT: many nodes in one goroutine, on a simulated network and
// clock. It judges look-ups and rules of the routing table: the same seed gives the same
// DHT, to the last datagram.
//
// A [Config] goes in: how many nodes, how long datagrams take, how many nodes fall silent
// and how many lie. A [Result] comes out: how often the nearest nodes were found, and how
// long it took. Honest nodes are node.State as it is used on the Internet. Not here: the
// network of a real machine.
package dhtsim
