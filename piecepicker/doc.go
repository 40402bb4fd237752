// Package piecepicker chooses which blocks of a torrent to ask of which peer.
//
// In come what peers have, which blocks arrive or will not, and which pieces are
// held, wanted or urgent. Out go blocks to ask for, peers to send a cancel, and
// whether a peer is of interest. A [Picker] is a swarm.Prioritizer; it owns all
// that was asked of whom, keeps no payload, and does no I/O. Whoever owns the
// torrent calls it, one call at a time.
//
// A Picker is mixed from three parts, each of which can be replaced:
//
//   - an [Order] says which piece is begun next: [Rarest] or [Sequential];
//   - a [Queue] says which piece that was begun is helped along first:
//     [FewestMissing] or [OldestFirst];
//   - an [EndGame] says what is asked twice when all is asked: [Duplicates] or
//     [NoDuplicates].
//
// [New], [NewRarest] and [NewSequential] are ready mixtures; [Mix] takes any
// Order. The terms are those of BEP 3
// (https://www.bittorrent.org/beps/bep_0003.html).
package piecepicker
