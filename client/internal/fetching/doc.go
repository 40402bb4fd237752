// Package fetching is a torrent of which only a link is known, while its metadata is fetched.
//
// In come the link, what users do to the torrent, and what peers, sources and web servers say; out
// go the metadata, for which the [Host] starts the torrent, and to that what the [Torrent] and its
// users know. A Torrent owns its job, its connections and the record of the link until it ends. It
// ends once: by the one that has its token. Not here: which torrents there are, and what metadata
// is.
package fetching
