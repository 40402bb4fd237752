// Package sourcetest tests implementations of [swarm.PeerSource].
//
// [Run] puts sources through the clauses of the contract, each a named subtest,
// on the fake clock of testing/synctest: a minute passes in no time, and what a
// source leaves behind is seen. So a source under test must reach its other end
// by net.Pipe or channels, not by sockets, and must be made by the function that
// Run is given, inside the test's bubble.
//
// Run it once with another end that answers, and once with one that never does:
// only then do the clauses on giving up say anything.
package sourcetest
