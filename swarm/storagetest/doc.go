// Package storagetest tests implementations of swarm.Storage.
//
// [Run] has a named subtest for each clause of the contract, [RunPads] those on
// pads, [Fuzz] makes random calls and compares with swarm.Memory, [Benchmark]
// measures stores alike. A store's own tests call them with a function that opens
// an empty storage. [Faulty] wraps a storage and breaks it on demand, for tests
// of those who use storages.
package storagetest
