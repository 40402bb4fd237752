// Package builder makes torrents, v1 (BEP 3), v2 and hybrid (BEP 52), from files,
// folders, an fs.FS or bytes.
//
// In come [Options] and the content. The content is only read, and must not
// change meanwhile; nothing of it is kept. Out go [metainfo.Torrent] values, which
// belong to the caller: [metainfo.Torrent.Bytes] writes the .torrent file, and
// BuiltFrom says where each file was found, for a client that seeds from there.
//
// A call first lists the files, then checks that they can be a torrent, and only
// then reads and hashes them, on several goroutines that end before it returns.
// It ends early with the cause of its context. Calls may run at the same time.
// The same content and the same Options always make the same bytes.
//
// Not here: reading .torrent files, which is what package metainfo does, storing
// content, and seeding it.
//
// https://www.bittorrent.org/beps/bep_0003.html
// https://www.bittorrent.org/beps/bep_0052.html
package builder
