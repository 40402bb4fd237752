// Package archive makes a .zip of many files, stored without compression, of which the length
// is known before the first byte of a file is there.
//
// In come names, lengths and times ([Entry]), whatever a torrent says they are; then readers,
// one file after the other, through a function that the caller gives to [Archive.Write]. Out go
// the length, for Content-Length, and the bytes. The caller owns its entries again after [New].
// An [Archive] keeps the names it gives the files, and no content.
//
// The names are those of the torrent as far as every system can unpack them: no path leads out
// of the folder, no two are the same, also where case does not count, and none is both a file
// and a folder.
//
// The checksum of a file is known only when it was read, so it follows the content in a data
// descriptor. Zip64 is used where a size, an offset or the number of files needs it.
//
// Not here: reading archives, compression, and ranges of an archive.
package archive
