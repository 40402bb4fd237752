// Package wants keeps what the user wants of a torrent that runs, for calls that come at any time.
//
// In come what the options, the record of a former run and the link say at the start, and changes;
// out go runs of pieces for the engine, the files that a storage makes, and what the record says. A
// [Wants] owns a selection.Selection, which it makes when somebody chooses. Not here: which pieces
// a selection wants, and who gets a change.
package wants
