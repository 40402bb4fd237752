// Package playlist writes playlists that media players open: .m3u8 and .m3u.
//
// In come titles, which a torrent names as it likes, and URLs; out goes text in UTF-8, an item
// at a time. A title cannot begin a line of its own, and a URL has no byte that is not ASCII.
// The two kinds differ in their content types only.
//
// Not here: which files are in the list, and their URLs.
package playlist
