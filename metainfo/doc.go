// Package metainfo reads, writes and makes .torrent files, v1 (BEP 3), v2 and
// hybrid (BEP 52), and reads and writes magnet links (BEP 9, BEP 53).
//
// In come bytes from strangers: [Parse] and [ParseInfo] check them whole,
// within the limits of [Options], and give every file a path that is safe to
// create on any system. Info hashes are always those of the bytes as they came,
// and [Torrent.Bytes] writes those same bytes back. Out go a [Torrent] and its
// [Info], which answers what the parts of a client ask: [Info.IDs],
// [Info.Geometry], [Info.Files], and [Info.Verify] for checking pieces.
// Parsed slices are copies; nothing that a caller passed in is kept.
//
// A [Builder] makes torrents from files, folders, an fs.FS or bytes, and a
// [Magnet] is a link.
//
// Not here: getting metadata from peers, trackers, and the content itself.
//
// https://www.bittorrent.org/beps/bep_0003.html
// https://www.bittorrent.org/beps/bep_0052.html
package metainfo
