// Package sourcetest tests implementations of [swarm.PeerSource].
//
// [Run] has a named subtest for each clause of the contract. It uses the fake clock
// of testing/synctest, so a minute takes no real time, and goroutines that a source
// leaves behind are found. Therefore a source under test must reach its other end
// through net.Pipe or channels, not sockets, and the function that Run is given must
// make the source and its other end inside the test's bubble.
//
// Call Run twice, with another end that answers and with one that never does, because
// the clauses on cancelation test nothing if the answer is there at once.
package sourcetest
