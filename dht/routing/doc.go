// Package routing is the routing table of a node of the Mainline DHT, as a value
// (https://www.bittorrent.org/beps/bep_0005.html#routing-table).
//
// In come nodes that answered a query or did not, and nodes that asked us something; out
// come the nodes nearest to a target, whom to ping, and which part of the table to look up
// again. A [Table] does no I/O and reads no clock. One goroutine at a time may use it. Only
// nodes that have answered may be added, because anybody can name any address.
//
//	rule                                        file      function
//	which bucket a node belongs to              table.go  Table.index
//	when a bucket is split                      add.go    Table.add
//	who gives way in a full bucket              add.go    bucket.victim
//	one node for each address, and network      add.go    Table.resolve
//	when a node is good, questionable or bad    node.go   Node.Status
//	who replaces a node that does not answer    fail.go   Table.Failed
//	what is refreshed                           care.go   Table.Stale
//	who is pinged                               care.go   Table.Questionable
package routing
