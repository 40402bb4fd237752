// Package piecepicker chooses which blocks of a torrent to request from which peer.
//
// In come which pieces peers have, which blocks arrive or are refused, and which pieces
// are held, wanted or needed by a deadline. Out go blocks to request, peers at which to
// cancel, and whether we are interested in a peer. A [Picker] knows every open request,
// keeps no payload and does no I/O. The owner of the torrent calls it, one call at a
// time.
//
// A Picker is a [swarm.Prioritizer] and a [swarm.EndGamer]. It is mixed from three
// components, each of which can be replaced:
//
//   - an [Order] says which piece to begin next: [Rarest] or [Sequential];
//   - a [Queue] says which of the pieces that are begun to continue: [FewestMissing] or
//     [OldestFirst];
//   - an [EndGame] says which blocks to request twice in the end game: [Duplicates] or
//     [NoDuplicates].
//
// [New], [NewRarest] and [NewSequential] return ready mixtures; [Mix] takes any Order.
//
// The rules are in these files: the sequence in which Pick looks at pieces in pick.go,
// deadlines in deadline.go, pieces that are hashed side by side in spread.go, the end
// game in endgame.go, and the ends of requests in arrive.go.
//
// The terms are those of BEP 3 (https://www.bittorrent.org/beps/bep_0003.html).
package piecepicker
