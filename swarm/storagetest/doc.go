// Package storagetest tests implementations of [swarm.Storage].
//
// [Run] has a named subtest for each clause of the contract, and [RunPads] for those on
// pads. [Fuzz] makes random calls and compares the results with [swarm.Memory].
// [Benchmark] measures every storage with the same calls. A test of a storage passes
// them a function that opens an empty one.
//
// [Faulty] wraps a storage and makes its calls fail, for tests of code that uses
// storages.
package storagetest
