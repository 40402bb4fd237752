// Package node is one node of the Mainline DHT, as a value: one address, one id, one family
// of addresses (https://www.bittorrent.org/beps/bep_0005.html; a program with IPv4 and IPv6
// runs two, https://www.bittorrent.org/beps/bep_0032.html and
// https://www.bittorrent.org/beps/bep_0045.html).
//
// In come datagrams, what the program wants to find or store, and the time. Out come
// datagrams to send and events. A [State] does no I/O, reads no clock and starts no
// goroutine. One goroutine at a time may use it, and a State that it is paired with. Not
// here: sockets, names of routers, and when something is announced again.
//
// # Order of calls
//
//	s := node.New(now, config)
//	s.Bootstrap(now, saved, nodes, routers)
//	// then, for all that happens:
//	s.Receive(now, from, datagram) // or Begin, Cancel, Suggest, Bootstrap
//	turn := s.Settle(now)
//	// send turn.Send, handle turn.Events, and come back at turn.Next at the latest
//
// # Where each rule is
//
//	rule                                              file          function
//	which datagrams are read                          receive.go    State.Receive
//	how many queries are served                       limits.go     limits.allow
//	what a query is answered                          serve.go      State.serve
//	how long an answer may be                         serve.go      State.trim
//	who is added to the routing table                 receive.go    State.complete
//	who is asked whether it is there                  check.go      State.consider
//	how many are that others name                     check.go      State.Suggest
//	when an answer is late, and when it is given up   queries.go    State.checkQueries
//	how many tasks run, who waits                     tasks.go      State.Begin
//	who gets an announce or an item                   store.go      State.beginStoring
//	with which number a put compares                  store.go      task.casFor
//	which peers are believed                          peers.go      State.takePeers
//	which item is the newest                          items.go      State.takeItem
//	how a node gets to know others                    bootstrap.go  State.Bootstrap
//	which addresses are routers                       bootstrap.go  State.knowRouters
//	which query a datagram may answer                 queries.go    queries.quoted
//	when nobody is left, or somebody is there again   care.go       State.care
//	what is refreshed and pinged                      care.go       State.care
//	our address, and our id                           external.go   State.vote
//	who is ignored because of its id                  receive.go    State.ignores
package node
