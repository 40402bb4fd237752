// Package lookup finds the nodes nearest to a target, as a value: it decides who is asked
// next, and when it is over
// (https://www.bittorrent.org/beps/bep_0005.html#dht-protocol).
//
// In come nodes to begin with, answers with more nodes, and the news that a node is late or
// has failed; out come nodes to ask, and at the end the nearest that answered. A [Lookup]
// does no I/O, reads no clock, and knows nothing of what is asked. One goroutine at a time
// may use it.
//
// # Order of calls
//
//	l := lookup.New(config, known)
//	for q, ok := l.Next(); ok; q, ok = l.Next() {
//		// send a query about q.Target to q.Addr
//	}
//	// call Answered, Late or Failed for each, and then Next again, until Done
//
// Late means that the answer takes longer than usual: another node is asked meanwhile, and
// the answer is taken if it comes. Failed is final.
//
//	rule                                               file       function
//	who is asked next                                  next.go    Lookup.Next
//	how many are asked side by side                    next.go    Lookup.Next
//	ids that do not fit their address come second      next.go    Lookup.candidate
//	one node for each network (BEP 42)                 next.go    Lookup.mayAsk
//	whom not to believe                                trust.go   node.isDoubtful
//	who answers with another id                        trust.go   Lookup.renamed
//	who is asked a second time                         gaps.go    Lookup.fillGaps
//	when it is over                                    lookup.go  Lookup.Done
//	which nodes are the result                         lookup.go  Lookup.Closest
package lookup
