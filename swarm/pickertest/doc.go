// Package pickertest tests implementations of swarm.Picker.
//
// [Run] tests each clause of the contract by itself, [Fuzz] makes random calls,
// and [Benchmark] measures a torrent of a million pieces and 200 peers. Behind
// Run and Fuzz is a model, slow and simple, that watches every call. Besides the
// contract it holds a picker to this:
//
//   - A block is asked of two peers only in the end game, when no block of a
//     wanted piece is left that some peer has and no one was asked for; or if
//     its piece has a deadline. It is never asked twice of one peer.
//   - A peer that may begin pieces is offered something, as long as it has a
//     wanted block that no one was asked for.
//
// Which piece comes first is the picker's own affair, but for what Ask.First,
// SetPriority and SetDeadline say. The last two are tested if the picker is a
// swarm.Prioritizer. The package imports the standard library and swarm only.
package pickertest
