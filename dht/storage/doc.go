// Package storage is what a node of the DHT keeps for others, as values: peers of swarms
// (https://www.bittorrent.org/beps/bep_0005.html#announce-peer), items
// (https://www.bittorrent.org/beps/bep_0044.html), and the tokens that prove an address.
//
// Announces and puts that were checked come in, each with the address of who sent it;
// samples come out. Everything expires and is bounded: in all, for each swarm, and for each
// address, so that one address cannot fill it. If there is no room, what is farthest from
// our id goes, because others find that at other nodes. A value does no I/O and reads no
// clock; one goroutine at a time may use it.
//
//	rule                                  file        function
//	how long a token is valid             tokens.go   Tokens.Valid
//	how many peers are kept               peers.go    Peers.Add
//	which hashes are sampled (BEP 51)     samples.go  Peers.Sample
//	which item replaces another           items.go    Items.Put
package storage
