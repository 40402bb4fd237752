// Package pickertest tests implementations of [swarm.Picker].
//
// [Run] has a named subtest for each clause of the contract, [Fuzz] makes random
// calls, and [Benchmark] measures a torrent of a million pieces and 200 peers. Run
// and Fuzz compare every answer with a slow and simple model, and call a second picker
// alike, which must answer alike.
//
// The optional abilities are tested if the picker has them: [swarm.Prioritizer] and
// [swarm.EndGamer]. Which piece comes first is up to the picker, but for what
// Ask.First, SetPriority and SetDeadline demand.
//
// [Lowest] is a picker for tests of an engine. The package imports the standard library
// and swarm only.
package pickertest
