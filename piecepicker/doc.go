// Package piecepicker chooses which blocks of a torrent to request from which peer.
//
// In come which pieces peers have, which blocks arrive or are refused, and which pieces
// are held, wanted or needed by a deadline. Out go blocks to request, peers at which to
// cancel, and whether we are interested in a peer. A [Picker] knows every open request,
// keeps no payload and does no I/O. Its owner makes one call at a time.
//
// A Picker is a [swarm.Prioritizer], a [swarm.Sequencer] and a [swarm.EndGamer], mixed from
// three components:
//
//   - an [Order] says which piece to begin next: [Rarest] or [Sequential];
//   - a [Queue] says which of the begun pieces to continue: [FewestMissing], [OldestFirst];
//   - an [EndGame] says which blocks to request twice: [Duplicates] or [NoDuplicates].
//
// [New], [NewRarest] and [NewSequential] return ready mixtures; [Mix] takes any Order.
//
// The sequence in which Pick looks at pieces is in pick.go, deadlines in deadline.go, when blocks
// should arrive in expect.go, the end game in endgame.go, and what ends requests in arrive.go. The
// terms are those of BEP 3 (https://www.bittorrent.org/beps/bep_0003.html).
package piecepicker
