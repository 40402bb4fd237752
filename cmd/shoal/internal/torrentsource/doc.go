// Package torrentsource reads what a user named a torrent by: the path or the address of a .torrent
// file, standard input, a magnet link or an info hash.
//
// In come names; out go torrents and links, warnings of malformed parts that were left out, and
// errors that say which command or name would do. Nothing is kept. Not here: fetching the
// metadata of a link from peers.
package torrentsource
