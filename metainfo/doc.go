// Package metainfo reads .torrent files, v1 (BEP 3), v2 and hybrid (BEP 52), and
// magnet links (BEP 9, BEP 53), writes both, and checks pieces against their hashes.
//
// In come bytes from strangers: [Parse], [ParseInfo] and [ParseMagnet] copy and
// check them, within the limits of [Options]. A part that is optional and malformed is
// left out with a [Warning]. Every file gets a path that this system can store, as close
// to that of the torrent as that allows. Out go a [Torrent] with its [Info], or a [Magnet], which
// belong to the caller. Info hashes are always those of the bytes as they came, and
// [Torrent.Bytes] writes the same info bytes back.
//
// An Info answers what the parts of a client ask: [Info.IDs], [Info.Geometry],
// [Info.Files], and [Info.Verify] for batches of pieces. Verify may start one
// goroutine, which ends before it returns.
//
// Not here: making torrents, which is what package builder does, getting metadata
// from peers, trackers, and the content itself.
//
// https://www.bittorrent.org/beps/bep_0003.html
// https://www.bittorrent.org/beps/bep_0052.html
package metainfo
