// Package magnet gets the metadata of a torrent from peers, for magnet links, and serves it
// (BEP 9).
//
// In come the info hashes of a link, addresses, sources of peers, and connections that peers
// make; the caller owns the Connector that dials. Out goes a [Result]: the info dictionary,
// which fits each hash, and all that a torrent goes on with: live connections with what
// their peers said so far, addresses with who named them, and when each source may be asked
// again. The caller owns it. Package fetch decides what is requested from whom; this one has
// the sockets, the goroutines and the clock.
//
// Not here: whether the info dictionary is a valid torrent (metainfo.ParseInfo), and URLs of
// .torrent files.
//
// # Concurrency
//
// One goroutine runs a fetch, the one that calls [Fetcher.Run]. Each connection has two
// more. All methods may be called concurrently.
//
// # Errors
//
// That there are no peers is no error. A peer that breaks a rule loses its connection.
package magnet
